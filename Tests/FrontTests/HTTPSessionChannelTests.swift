import Configuration
import Platform
import Protocol
import Supervisor
import Testing

@testable import Front

/// The way to a session's client: which message takes which stream, and what is there when the client returns.
@Suite("HTTPSessionChannel")
struct HTTPSessionChannelTests {
  /// One session, on a loop that nobody runs: its timers do not fire.
  private final class World {
    let loop: EventLoop
    let journal: SessionJournal
    let endpoint: MCPEndpoint
    let channel: HTTPSessionChannel
    let session: MCPSession

    init(_ revision: ProtocolRevision = .november2025) throws {
      loop = try EventLoop()
      journal = SessionJournal(loop: loop)
      endpoint = MCPEndpoint(loop: loop, isOwnPort: false)
      channel = HTTPSessionChannel(id: "s", owner: "", .everything, nil, endpoint, journal)
      let view = MCPView(MCPView.Key(scope: .everything, exposure: .compact), .everything)
      session = MCPSession(channel, view)
      channel.session = session
      channel.session.state = MCPSessionState(resuming: revision)
    }

    func post(_ id: Int64, accepting accepts: [String] = []) -> FakeConnection {
      let connection = FakeConnection()
      channel.expect([.int(id)], on: connection, isBatch: false, AcceptedForms(accepts))
      return connection
    }

    func stand() -> FakeConnection {
      let connection = FakeConnection()
      channel.stand(connection)
      return connection
    }

    /// GET with `Last-Event-ID`; nil when what followed is not known.
    func resume(_ id: String?) -> FakeConnection? {
      let connection = FakeConnection()
      guard let id = id.flatMap({ EventID($0) }), channel.resume(after: id, connection) else { return nil }
      return connection
    }

    func send(_ kind: OutgoingMessage.Kind, _ text: String) { channel.send(OutgoingMessage(kind, Array(text.utf8))) }

    func answer(_ id: Int64, _ text: String) { send(.answer(.int(id)), text) }
  }

  // MARK: Which stream

  @Test func eachMessageHasOneStream() throws {
    let world = try World()
    let standing = world.stand()
    let first = world.post(1)
    let second = world.post(2)
    world.send(.about(.int(1)), "progress")
    world.send(.about(.int(1)), "progress")
    world.send(.about(.int(3)), "of nobody")
    world.send(.event, "log")
    world.send(.event, "log")
    world.send(.notice(.list(.tools)), "tools")
    world.answer(2, "second")
    world.answer(1, "first")
    world.answer(1, "late")
    world.send(.answer(nil, error: -32600), "of nobody")
    #expect(first.told == ["", "progress", "progress", "first"] && first.events?.hasEnded == true)
    #expect(second.status == 200 && second.text == "second" && second.events == nil)
    #expect(standing.told == ["", "log", "log", "tools"])
    #expect(world.channel.isIdle == false && world.channel.openRequests == 0)
  }

  @Test func whatIsUnreadIsSaidOnce() throws {
    let world = try World()
    let standing = world.stand()
    standing.events?.read()
    for _ in 1...3 { world.send(.notice(.list(.tools)), "tools") }
    for uri in ["a", "b", "a"] { world.send(.notice(.resource(uri)), uri) }
    standing.events?.read()
    world.send(.notice(.list(.tools)), "tools")
    #expect(standing.told == ["", "tools", "a", "b", "tools"])
  }

  @Test func whoHasNoStreamHearsWhatChangedButNoLogs() throws {
    let world = try World()
    for number in 1...80 { world.send(.event, "log \(number)") }
    world.send(.notice(.list(.prompts)), "prompts")
    world.send(.notice(.resource("u")), "u")
    world.send(.notice(.list(.prompts)), "prompts")
    let standing = world.stand()
    #expect(standing.told == ["", "prompts", "u"])
    standing.leave()
    #expect(!world.channel.hasStanding)
    #expect(world.stand().told == [""], "said already")
  }

  @Test func noChatterDrivesOutAnAnswer() throws {
    let world = try World()
    let post = world.post(1)
    world.send(.about(.int(1)), "progress")
    let place = post.events?.all.first?.id
    post.leave()
    world.answer(1, "answer")
    let message = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
    for number in 1...100 {
      _ = world.journal.keep(message, isLast: false, world.journal.standingStream, of: "other \(number)")
    }
    #expect(world.resume(place)?.told == ["progress", "answer"])
  }

  // MARK: Coming back

  @Test func eachPlaceOfAResumedStreamIsOne() throws {
    let world = try World()
    let first = world.stand()
    let texts = ["1", "2", "3", "4", "5"]
    for text in texts { world.send(.notice(.resource(text)), text) }
    first.leave()
    // Nobody is there.
    world.send(.notice(.list(.tools)), "6")
    let again = try #require(world.resume(first.events?.all.first?.id))
    #expect(again.told == texts + ["", "6"])
    let numbers = try #require(again.events).all.compactMap { $0.id.flatMap { EventID($0) }?.number }
    #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count && numbers.count == 7)
    for (index, event) in try #require(again.events).all.enumerated() {
      let rest = try #require(world.resume(event.id)).told.filter { !$0.isEmpty }
      #expect(rest == again.told.dropFirst(index + 1).filter { !$0.isEmpty }, "after event \(index)")
    }
  }

  @Test func anAnswerIsThereAfterEachOfItsEvents() throws {
    let world = try World()
    let post = world.post(7)
    for text in ["p1", "p2"] { world.send(.about(.int(7)), text) }
    let places = try #require(post.events).all
    post.leave()
    world.send(.about(.int(7)), "p3")
    let waiting = try #require(world.resume(places[0].id))
    world.answer(7, "answer")
    #expect(waiting.told == ["p1", "p2", "p3", "answer"] && waiting.events?.hasEnded == true)
    for (index, expected) in [["p1", "p2", "p3", "answer"], ["p2", "p3", "answer"], ["p3", "answer"]].enumerated() {
      let back = world.resume(places[index].id)
      #expect(back?.told == expected && back?.events?.hasEnded == true)
    }
    #expect(world.resume("1.2.3") == nil)
  }

  @Test func theLaterOfTwoWhoAskGetsTheAnswer() throws {
    let world = try World()
    let post = world.post(5)
    let get = FakeConnection()
    let mustFetch = world.channel.resumeAnswer(of: .int(5), get)
    #expect(!mustFetch && post.status == 409)
    world.answer(5, "answer")
    #expect(get.told == ["", "answer"] && get.events?.hasEnded == true)
  }

  @Test func anAnswerOfAnEarlierDaemonIsFetchedOnce() throws {
    let world = try World()
    let first = FakeConnection()
    #expect(world.channel.resumeAnswer(of: .int(5), first))
    // Lost before the client heard of the stream; it knows nothing but the earlier daemon's id.
    first.leave()
    let second = FakeConnection()
    #expect(!world.channel.resumeAnswer(of: .int(5), second))
    world.answer(5, "answer")
    #expect(second.told == ["answer"])
    second.leave()
    let third = FakeConnection()
    #expect(!world.channel.resumeAnswer(of: .int(5), third))
    #expect(third.told == ["answer"] && third.events?.hasEnded == true)
    // The id serves another request by now.
    _ = world.post(5)
    world.answer(5, "another")
    #expect(world.channel.resumeAnswer(of: .int(5), FakeConnection()))
  }

  // MARK: Held answers

  @Test(arguments: [true, false])
  func aHeldAnswerWaits(isAnsweredFirst: Bool) throws {
    let world = try World()
    let post = world.post(1)
    world.channel.hold(.int(1), for: .seconds(60))
    if isAnsweredFirst { world.answer(1, "answer") }
    #expect(post.status == nil)
    world.channel.release(.int(1))
    #expect(post.status == (isAnsweredFirst ? 200 : nil))
    if !isAnsweredFirst { world.answer(1, "answer") }
    world.channel.release(.int(1))
    #expect(post.status == 200 && post.text == "answer")
  }

  @Test func whatIsCancelledEndsWithAnError() throws {
    let world = try World()
    let post = world.post(1)
    world.channel.withdraw(.int(1))
    #expect(post.status == 200 && post.text.contains("-32800") && post.text.contains(#""id":1"#))
    let stream = world.post(2)
    world.send(.about(.int(2)), "progress")
    world.channel.withdraw(.int(2))
    #expect(
      stream.told.last?.contains("-32800") == true,
      "a client that lost the stream before need not come back again and again")
  }

  @Test func sessionAndChannelDoNotHoldEachOther() throws {
    var world: World? = try World()
    weak let channel = world?.channel
    weak let session = world?.session
    #expect(channel != nil && session != nil)
    _ = world?.stand()
    _ = world?.post(1)
    world?.channel.end()
    world = nil
    #expect(channel == nil && session == nil)
  }

  // MARK: Receipts

  @Test func anAnswerIsDeliveredWhenItWasRead() throws {
    let world = try World()
    let post = world.post(1)
    world.send(.about(.int(1)), "progress")
    world.answer(1, "answer")
    guard case .passedOn(let receipt?, mark: let mark) = world.channel.delivery else {
      Issue.record("no receipt")
      return
    }
    #expect(!receipt.hasDelivered(mark))
    let place = post.events?.all.first?.id
    post.events?.read(10)
    post.leave()
    #expect(!receipt.hasDelivered(mark), "it can still be fetched")
    let back = world.resume(place)
    #expect(!receipt.hasDelivered(mark))
    back?.events?.read()
    #expect(receipt.hasDelivered(mark))
  }

  @Test func nobodyFetchesTheAnswersOfAnEndedSession() throws {
    let world = try World()
    let post = world.post(1)
    world.send(.about(.int(1)), "progress")
    post.leave()
    world.answer(1, "answer")
    guard case .passedOn(let receipt?, mark: let mark) = world.channel.delivery else {
      Issue.record("no receipt")
      return
    }
    #expect(!receipt.hasDelivered(mark))
    world.channel.end()
    #expect(receipt.hasDelivered(mark))
  }

  @Test func whoLeftBeforeAStreamBeganCannotComeBack() throws {
    let world = try World(.june2025)
    let post = world.post(1)
    post.leave()
    world.answer(1, "answer")
    guard case .passedOn(let receipt?, mark: let mark) = world.channel.delivery else {
      Issue.record("no receipt")
      return
    }
    #expect(receipt.hasDelivered(mark) && post.status == nil)
  }

  // MARK: Ending

  @Test func theEndLeavesNoConnectionOpen() throws {
    let world = try World()
    let (undecided, stream, standing) = (world.post(1), world.post(2), world.stand())
    world.send(.about(.int(2)), "progress")
    var given = 0
    world.channel.abandons[OperationID.random()] = { given += 1 }
    world.channel.end()
    #expect(undecided.status == 404 && stream.events?.hasEnded == true && standing.events?.hasEnded == true)
    #expect(given == 1 && world.channel.isIdle && world.endpoint.streams.count == 0)
  }

  @Test(arguments: [(ProtocolRevision.november2025, 200), (.march2025, 503)])
  func handingOverTellsHowToComeBack(revision: ProtocolRevision, status: Int) throws {
    let world = try World(revision)
    let post = world.post(1)
    world.channel.handOver()
    #expect(post.status == status)
    if status == 200 { #expect(post.events?.all.first?.id?.hasSuffix(".i1") == true && post.events?.hasEnded == true) }
  }
}
