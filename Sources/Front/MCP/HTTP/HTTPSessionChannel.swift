import Configuration
import Platform
import Protocol
import Supervisor
import Transport

/// The way to the client of one session over HTTP (2025-03-26 to 2025-11-25): answers to its requests on their own
/// connections, everything else on the stream that it opened with GET. Loop-confined.
final class HTTPSessionChannel: MCPChannel {
  /// A request that takes longer gets a stream, so that its answer outlives the connection, or at least comments keep
  /// that alive.
  private static let commitTime = Duration.milliseconds(250)
  private static let patientCommitTime = Duration.seconds(15)
  /// Receipts that are held before it is looked which of them are needed.
  private static let mostReceipts = 64

  let id: String
  /// The path that it was opened at, and who opened it.
  let owner: String
  let scope: ScopeName
  let exposure: Exposure?
  let largestMessage = Frame.maximumLength
  var abandons: [OperationID: () -> Void] = [:]
  private(set) var era: ProtocolRevision.Era?
  private(set) var name: String?
  private(set) var version: String?
  /// Set right after the channel was made. The front holds it as long as the session lives; held here, too, the two would
  /// hold each other for ever.
  weak var session: MCPSession!
  /// Quarters of the time that it may idle, of which the next daemon must know (`SessionTable`).
  var unusedQuarters = 0
  /// What of it is in the store.
  var kept: KeptSession?

  let endpoint: MCPEndpoint
  private let journal: SessionJournal
  private var answers: [RequestID: SessionAnswer] = [:]
  private var streams: [EventID.Stream: SessionAnswer] = [:]
  private let standing: StandingStream
  /// Streams of requests that an earlier daemon took, which the client knows by the ids of that one.
  private var taken: [RequestID: EventID.Stream] = [:]
  /// Daemons that had the session before this one: the client may know streams of theirs.
  var earlierDaemons: [UInt32] = []
  /// Finished streams that are being sent once more.
  private var replays: [EventID.Stream: EventStream] = [:]
  /// Of answers that a client may come back for.
  private var receipts: [EventID.Stream: AnswerReceipt] = [:]
  private var lastReceipt: AnswerReceipt?
  /// Answers that wait until what they confirm is kept; nil inside: not given yet.
  private var held: [RequestID: [UInt8]?] = [:]

  init(
    id: String, owner: String, _ scope: ScopeName, _ exposure: Exposure?, _ endpoint: MCPEndpoint,
    _ journal: SessionJournal
  ) {
    self.id = id
    self.owner = owner
    self.scope = scope
    self.exposure = exposure
    self.endpoint = endpoint
    self.journal = journal
    standing = StandingStream(endpoint.streams)
  }

  // MARK: MCPChannel

  var client: String? { id }
  var queuedBytes: Int { streams.values.reduce(standing.waitingBytes) { max($0, $1.waitingBytes) } }
  var delivery: Delivery { lastReceipt.map { .passedOn($0, mark: 0) } ?? .done }

  func note(name: String?, version: String?, era: ProtocolRevision.Era) {
    self.era = era
    self.name = name ?? self.name
    self.version = version ?? self.version
  }

  func send(_ message: OutgoingMessage) {
    lastReceipt = nil
    switch message.kind {
    case .answer(let request?, _): answer(request, message.bytes)
    // What cannot be read is refused before it gets here.
    case .answer(nil, _): break
    case .about(let request), .notice(_, on: let request?): answers[request]?.tell(message.bytes)
    case .notice(let notice, on: nil): tell(message.bytes, of: notice)
    case .event: tell(message.bytes, of: nil)
    }
  }

  private func answer(_ request: RequestID, _ message: [UInt8]) {
    guard let answer = answers[request] else { return }
    guard held[request] == nil else { return held[request] = message }
    answers[request] = nil
    lastReceipt = answer.receipt
    answer.answer(request, message)
    if answer.isComplete { streams[answer.stream] = nil }
    guard answer.isKept else { return }
    if receipts.count >= Self.mostReceipts { prune() }
    receipts[answer.stream] = answer.receipt
  }

  /// Keeps the answer to a request back until `release`, or until this time has passed.
  func hold(_ request: RequestID, for time: Duration) {
    held[request] = .some(nil)
    journal.loop.schedule(after: time) { [weak self] in self?.release(request) }
  }

  func release(_ request: RequestID) {
    if let message = held.removeValue(forKey: request) ?? nil { answer(request, message) }
  }

  // MARK: Requests

  /// What revision was agreed on; nil before.
  var revision: ProtocolRevision? { session?.state.revision }

  /// This one and the earlier ones.
  var daemons: [UInt32] { earlierDaemons + [journal.daemon] }

  /// Nothing is under way and nobody listens.
  var isIdle: Bool { answers.isEmpty && !standing.isOpen }
  var openRequests: Int { answers.count }

  /// Whether a request with this id still waits for its answer.
  func isOpen(_ request: RequestID) -> Bool { answers[request] != nil }

  /// The messages of a POST are about to be given to the session.
  func expect(
    _ requests: [RequestID], on connection: any MCPConnection, isBatch: Bool, _ accepts: AcceptedForms,
    isOpening: Bool = false
  ) {
    let stream = journal.nextStream(for: requests.count == 1 && !isBatch ? requests[0] : nil)
    let terms = SessionAnswerState.Terms(
      accepts: accepts, prefersJSON: endpoint.prefersJSON, isBatch: isBatch, isPrimed: isPrimed)
    let surroundings = SessionAnswer.Surroundings(
      loop: journal.loop, streams: endpoint.streams, headers: isOpening ? [(name: "mcp-session-id", value: id)] : [],
      keep: keeper(of: stream), commitTime: isPrimed ? Self.commitTime : Self.patientCommitTime)
    let answer = SessionAnswer(stream, connection, to: Set(requests), terms, surroundings)
    for request in requests {
      answers[request] = answer
      taken[request] = nil
    }
    streams[stream] = answer
    answer.watch()
  }

  /// The client copes with events without data.
  private var isPrimed: Bool { revision.map { $0 >= .november2025 } ?? false }

  /// What keeps the events of a stream for a client that comes back; nil at revisions that know nothing of that.
  private func keeper(of stream: EventID.Stream) -> (([UInt8], _ isLast: Bool) -> EventID)? {
    guard let revision, revision >= .march2025 else { return nil }
    let (journal, id) = (journal, id)
    return { journal.keep($0, isLast: $1, stream, of: id) }
  }

  /// The client has cancelled a request. It needs no answer, but its POST does; and a stream that ended without one would
  /// make the client come back for it.
  func withdraw(_ request: RequestID) {
    answer(
      request,
      JSONRPCWriter.error(id: request, code: MCPErrorCode.requestCancelled, message: "The request was cancelled"))
  }

  /// Whether something may still be said on a stream.
  func uses(_ stream: EventID.Stream) -> Bool { stream == standingStream || streams[stream] != nil }

  // MARK: Streams

  /// Whether the client has its stream.
  var hasStanding: Bool { standing.isOpen }

  private var standingStream: EventID.Stream { journal.standingStream }

  /// The client opened its stream. `missed`: what it did not get of an earlier one.
  func stand(_ connection: any MCPConnection, missed: ArraySlice<EventLog<String>.Event> = []) {
    let stream = standingStream
    standing.open(
      connection, missed: missed.map { (EventID(stream, $0.number), $0.data) }, isPrimed: isPrimed,
      keep: keeper(of: stream).map { keep in { keep($0, false) } })
  }

  /// Tells the client something as such; `notice`: see `StandingStream`.
  private func tell(_ message: [UInt8], of notice: ChangeNotice?) {
    standing.tell(message, of: notice, keep: keeper(of: standingStream).map { keep in { keep($0, false) } })
  }

  /// A client comes back for what followed an event. False when that is not known any more.
  func resume(after eventID: EventID, _ connection: any MCPConnection) -> Bool {
    guard let found = journal.events(after: eventID, of: id) else { return false }
    if eventID.stream == standingStream {
      stand(connection, missed: found.events)
      return true
    }
    let replay = { (events: EventStream) -> Void in
      for event in found.events where !event.data.isEmpty {
        events.send(event.data, id: EventID(eventID.stream, event.number))
      }
    }
    if let answer = streams[eventID.stream] {
      answer.resume(connection, replay: replay)
    } else {
      replayFinished(eventID.stream, connection, replay)
    }
    return true
  }

  /// One at a time: clients that come back again and again without reading would have as many copies waiting.
  private func replayFinished(
    _ stream: EventID.Stream, _ connection: any MCPConnection, _ replay: (EventStream) -> Void
  ) {
    replays.removeValue(forKey: stream)?.cutOff()
    guard let events = EventStream(connection, onDisconnect: { [weak self] in self?.replays[stream] = nil }) else {
      return
    }
    replay(events)
    receipts[stream]?.follow(events.receipt, mark: events.writtenBytes)
    events.end()
    replays[stream] = events
  }

  /// A client comes back for the answer to a request that an earlier daemon took. True when the answer must be fetched
  /// first.
  func resumeAnswer(of request: RequestID, _ connection: any MCPConnection) -> Bool {
    // It came before, and lost the connection again before it heard of our own stream.
    if let stream = taken[request], resume(after: .beginning(of: stream), connection) { return false }
    if let answer = answers[request] {
      answer.resume(connection) { _ in }
      return false
    }
    expect([request], on: connection, isBatch: false, AcceptedForms(["text/event-stream"]))
    taken[request] = answers[request]?.stream
    answers[request]?.commit()
    return true
  }

  // MARK: Ending

  /// Looks which answers were delivered, or are not kept any more.
  func prune() {
    for (stream, receipt) in receipts where !journal.hasEvents(stream, of: id) { receipt.isPointless = true }
    receipts = receipts.filter { !$0.value.hasDelivered(0) }
    replays = replays.filter { journal.hasEvents($0.key, of: id) }
    taken = taken.filter { streams[$0.value] != nil || journal.hasEvents($0.value, of: id) }
  }

  /// The session has ended: what runs for it is given up.
  func end() {
    for abandon in Array(abandons.values) { abandon() }
    abandons = [:]
    for answer in streams.values { answer.abandon(.unknownSession) }
    closeStreams()
    for receipt in receipts.values { receipt.isPointless = true }
    receipts = [:]
    replays = [:]
    journal.forget(session: id)
  }

  /// The daemon makes room for the next one, which the client finds under the same address.
  func handOver() {
    for answer in streams.values { answer.handOver() }
    closeStreams()
  }

  private func closeStreams() {
    answers = [:]
    streams = [:]
    standing.close()
  }
}
