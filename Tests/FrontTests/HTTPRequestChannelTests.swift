import Platform
import Protocol
import Testing

@testable import Front

/// The answer to one request of 2026-07-28, and what comes before it.
@Suite("HTTPRequestChannel")
struct HTTPRequestChannelTests {
  private static func open(
    _ connection: FakeConnection, _ accepts: [String] = []
  ) throws -> (HTTPRequestChannel, StreamRegistry) {
    // Nobody runs it: its timers do not fire.
    let loop = try EventLoop()
    let streams = StreamRegistry(loop: loop, interval: nil)
    let channel = HTTPRequestChannel(connection, AcceptedForms(accepts), streams, loop: loop)
    channel.watch()
    return (channel, streams)
  }

  private static func send(_ channel: HTTPRequestChannel, _ kind: OutgoingMessage.Kind, _ text: String) {
    channel.send(OutgoingMessage(kind, Array(text.utf8)))
  }

  @Test(arguments: [
    (nil, 200), (-32601, 404), (-32602, 400), (-32600, 400), (-32603, 200), (-32020, 400), (-32022, 400), (1, 200),
  ])
  func statusOfAnAnswer(error: Int?, status: Int) throws {
    let connection = FakeConnection()
    let (channel, _) = try Self.open(connection)
    // Whatever its length, and whatever it looks like.
    let text = #"{"error":{"code":-32601}}"# + String(repeating: " ", count: 100_000)
    Self.send(channel, .answer(.int(1), error: error), text)
    #expect(connection.status == status && connection.body.count == text.utf8.count)
    Self.send(channel, .answer(.int(1)), "again")
    #expect(connection.body.count == text.utf8.count)
  }

  @Test func whatComesBeforeTheAnswerMakesItAStream() throws {
    let connection = FakeConnection()
    let (channel, streams) = try Self.open(connection)
    var ends = 0
    channel.onEnd = { ends += 1 }
    for _ in 1...2 { Self.send(channel, .about(.int(1)), "log") }
    #expect(streams.count == 1)
    Self.send(channel, .answer(.int(1), error: -32602), "answer")
    #expect(connection.status == 200 && connection.told == ["log", "log", "answer"])
    #expect(connection.events?.all.allSatisfy { $0.id == nil } == true, "mcp-checklist SRV-26")
    #expect(connection.events?.hasEnded == true && streams.count == 0 && ends == 1)
    connection.leave()
    #expect(ends == 1)
  }

  @Test func changesThatAreUnreadAreSaidOnce() throws {
    let connection = FakeConnection()
    let (channel, _) = try Self.open(connection)
    Self.send(channel, .about(.int(1)), "acknowledged")
    for _ in 1...3 { Self.send(channel, .notice(.list(.tools), on: .int(1)), "tools") }
    for uri in ["a", "b", "a"] { Self.send(channel, .notice(.resource(uri), on: .int(1)), uri) }
    Self.send(channel, .event, "log of nobody")
    connection.events?.read()
    Self.send(channel, .notice(.list(.tools), on: .int(1)), "tools")
    #expect(connection.told == ["acknowledged", "tools", "a", "b", "tools"])
  }

  @Test func whoTakesNoStreamGetsTheAnswerOnly() throws {
    let connection = FakeConnection()
    let (channel, _) = try Self.open(connection, ["application/json"])
    Self.send(channel, .about(.int(1)), "log")
    Self.send(channel, .answer(.int(1)), "answer")
    #expect(connection.events == nil && connection.text == "answer")
  }

  @Test func whoTakesNoJSONGetsAStream() throws {
    let connection = FakeConnection()
    let (channel, _) = try Self.open(connection, ["text/event-stream"])
    Self.send(channel, .answer(.int(1)), "answer")
    #expect(connection.told == ["answer"] && connection.events?.hasEnded == true)
  }

  @Test(arguments: [true, false])
  func leavingCancels(isStream: Bool) throws {
    let connection = FakeConnection()
    let (channel, streams) = try Self.open(connection)
    var (ends, given) = (0, 0)
    channel.onEnd = { ends += 1 }
    channel.abandons[OperationID.random()] = { given += 1 }
    if isStream { Self.send(channel, .about(.int(1)), "log") }
    connection.leave()
    #expect(ends == 1 && given == 1 && streams.count == 0)
    Self.send(channel, .answer(.int(1)), "late")
    #expect(connection.told == (isStream ? ["log"] : []) && connection.body.isEmpty)
  }

  @Test(arguments: [true, false])
  func breakingOff(isStream: Bool) throws {
    let connection = FakeConnection()
    let (channel, streams) = try Self.open(connection)
    if isStream { Self.send(channel, .about(.int(1)), "log") }
    channel.breakOff()
    channel.breakOff()
    #expect(connection.status == (isStream ? 200 : 503) && streams.count == 0)
    #expect(connection.events?.hasEnded == (isStream ? true : nil))
  }

  @Test func aNewIntervalReachesOpenStreams() throws {
    let connection = FakeConnection()
    let loop = try EventLoop()
    let streams = StreamRegistry(loop: loop, interval: nil)
    let events = try #require(EventStream(connection, onDisconnect: {}))
    streams.add(events)
    let body = try #require(connection.events)
    body.onWrite = { loop.stop() }
    loop.schedule(after: .seconds(10)) { loop.stop() }
    streams.interval = .milliseconds(20)
    loop.run()
    #expect(body.text == ": keep-alive\n\n")
  }
}
