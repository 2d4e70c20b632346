import Configuration
import Platform
import Protocol
import Supervisor
import Transport

/// The way to the client of one session over HTTP (2025-03-26 to 2025-11-25): answers to its requests on their own
/// connections, everything else on the stream that it opened with GET. Loop-confined.
final class HTTPSessionChannel: MCPChannel {
  /// Messages that are kept for a client that has no stream; they say that something changed, and once is enough.
  static let mostWaiting = 64
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
  /// Set right after the channel was made.
  var session: MCPSession!
  /// What of it is in the store.
  var kept: KeptSession?

  let endpoint: MCPEndpoint
  private let journal: SessionJournal
  private var answers: [RequestID: SessionAnswer] = [:]
  private var streams: [EventID.Stream: SessionAnswer] = [:]
  private var standing: EventStream?
  private var waiting: [[UInt8]] = []
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
  }

  // MARK: MCPChannel

  var client: String? { id }
  var queuedBytes: Int { streams.values.reduce(standing?.waitingBytes ?? 0) { max($0, $1.waitingBytes) } }
  var delivery: Delivery { lastReceipt.map { .passedOn($0, mark: 0) } ?? .done }

  func note(name: String?, version: String?, era: ProtocolRevision.Era) {
    self.era = era
    self.name = name ?? self.name
    self.version = version ?? self.version
  }

  func send(_ message: [UInt8], about request: RequestID?, isAnswer: Bool) {
    lastReceipt = nil
    guard let request else { return tell(message) }
    guard let answer = answers[request] else { return }
    guard isAnswer else { return answer.tell(message) }
    guard held[request] == nil else { return held[request] = message }
    answers[request] = nil
    lastReceipt = answer.receipt
    if answer.answer(request, message) { streams[answer.stream] = nil }
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
    if let message = held.removeValue(forKey: request) ?? nil { send(message, about: request, isAnswer: true) }
  }

  // MARK: Requests

  /// What revision was agreed on; nil before.
  var revision: ProtocolRevision? { session.state.revision }

  /// Nothing is under way and nobody listens.
  var isIdle: Bool { answers.isEmpty && standing == nil }
  var openRequests: Int { answers.count }

  /// Whether a request with this id still waits for its answer.
  func isOpen(_ request: RequestID) -> Bool { answers[request] != nil }

  /// The messages of a POST are about to be given to the session.
  func expect(
    _ requests: [RequestID], on exchange: HTTPExchange?, isBatch: Bool, _ accepts: AcceptedForms,
    isOpening: Bool = false
  ) {
    let stream = journal.nextStream(for: requests.count == 1 && !isBatch ? requests[0] : nil)
    let answer = SessionAnswer(
      stream, exchange, to: Set(requests), isBatch: isBatch, accepts, surroundings(of: stream, isOpening: isOpening))
    for request in requests { answers[request] = answer }
    streams[stream] = answer
    answer.watch()
  }

  private func surroundings(of stream: EventID.Stream, isOpening: Bool) -> SessionAnswer.Surroundings {
    let revision = revision ?? .november2024
    let isPrimed = revision >= .november2025
    let (journal, id) = (journal, id)
    return SessionAnswer.Surroundings(
      loop: journal.loop, streams: endpoint.streams,
      headers: isOpening ? [(name: "mcp-session-id", value: id)] : [],
      keep: revision >= .march2025 ? { journal.keep($0, isLast: $1, stream, of: id) } : nil, isPrimed: isPrimed,
      prefersJSON: endpoint.prefersJSON, commitTime: isPrimed ? Self.commitTime : Self.patientCommitTime)
  }

  /// The client has cancelled a request, which gets no answer.
  func withdraw(_ request: RequestID) {
    guard let answer = answers.removeValue(forKey: request) else { return }
    if answer.withdraw(request) { streams[answer.stream] = nil }
  }

  /// Whether something may still be said on a stream.
  func uses(_ stream: EventID.Stream) -> Bool { stream == standingStream || streams[stream] != nil }

  // MARK: Streams

  /// Whether the client has its stream.
  var hasStanding: Bool { standing?.isOpen ?? false }

  private var standingStream: EventID.Stream { journal.standingStream }

  /// The client opened its stream. `missed`: what it did not get of an earlier one.
  func stand(_ exchange: HTTPExchange, missed: ArraySlice<EventLog<String>.Event> = []) {
    if let standing {
      endpoint.streams.remove(standing)
      standing.cutOff()
    }
    standing = EventStream(exchange) { [weak self] in
      guard let self, let standing else { return }
      endpoint.streams.remove(standing)
      self.standing = nil
    }
    guard let standing else { return }
    endpoint.streams.add(standing)
    if let revision, revision >= .november2025 {
      standing.prime(
        journal.keep([], isLast: false, standingStream, of: id), retryMilliseconds: SessionAnswer.retryMilliseconds)
    } else {
      // Something must be on its way before clients believe that it stands.
      standing.comment()
    }
    for event in missed where !event.data.isEmpty {
      standing.send(event.data, id: EventID(standingStream, event.number))
    }
    let waiting = missed.isEmpty ? waiting : []
    self.waiting = []
    for message in waiting { tell(message) }
  }

  /// Tells the client something as such.
  private func tell(_ message: [UInt8]) {
    let keeps = revision.map { $0 >= .march2025 } ?? false
    let eventID = keeps ? journal.keep(message, isLast: false, standingStream, of: id) : nil
    if let standing, standing.isOpen { return standing.send(message, id: eventID) }
    if waiting.count < Self.mostWaiting, !waiting.contains(message) { waiting.append(message) }
  }

  /// A client comes back for what followed an event. False when that is not known any more.
  func resume(after eventID: EventID, _ exchange: HTTPExchange) -> Bool {
    guard let found = journal.events(after: eventID, of: id) else { return false }
    if eventID.stream == standingStream {
      stand(exchange, missed: found.events)
      return true
    }
    let replay = { (events: EventStream) -> Void in
      for event in found.events where !event.data.isEmpty {
        events.send(event.data, id: EventID(eventID.stream, event.number))
      }
    }
    if let answer = streams[eventID.stream] {
      answer.resume(exchange, replay: replay)
    } else if let events = EventStream(exchange, onDisconnect: {}) {
      replay(events)
      receipts[eventID.stream]?.follow(events.receipt, mark: events.writtenBytes)
      events.end()
    }
    return true
  }

  /// A client comes back for the answer to a request that an earlier daemon took.
  func resumeAnswer(of request: RequestID, _ exchange: HTTPExchange) {
    if let answer = answers[request] { return answer.resume(exchange) { _ in } }
    expect([request], on: exchange, isBatch: false, AcceptedForms(["text/event-stream"]))
    answers[request]?.handOver(isEnding: false)
  }

  // MARK: Ending

  /// Looks which answers were delivered, or are not kept any more.
  func prune() {
    for (stream, receipt) in receipts where !journal.hasEvents(stream, of: id) { receipt.isPointless = true }
    receipts = receipts.filter { !$0.value.hasDelivered(0) }
  }

  /// The session has ended: what runs for it is given up.
  func end() {
    for abandon in Array(abandons.values) { abandon() }
    abandons = [:]
    closeStreams(.unknownSession)
    for receipt in receipts.values { receipt.isPointless = true }
    receipts = [:]
    journal.forget(session: id)
  }

  /// The daemon makes room for the next one, which the client finds under the same address.
  func handOver() {
    for answer in streams.values { answer.handOver(isEnding: true) }
    closeStreams(.beingReplaced)
  }

  private func closeStreams(_ refusal: MCPHTTPRefusal) {
    for answer in streams.values { answer.abandon(refusal) }
    answers = [:]
    streams = [:]
    guard let standing else { return }
    endpoint.streams.remove(standing)
    standing.end()
    self.standing = nil
  }
}
