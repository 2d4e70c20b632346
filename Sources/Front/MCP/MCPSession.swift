import Protocol

/// One MCP client: its state, what it sees, and what runs for it. Confined to the front.
final class MCPSession {
  let channel: any MCPChannel
  /// Chosen anew when the client opens and the exposure depends on who it is.
  var view: MCPView {
    didSet {
      view.clients += 1
      oldValue.clients -= 1
    }
  }
  /// The exposure depends on who the client is.
  let choosesExposure: Bool
  var state = MCPSessionState()
  var subscriptions: [MCPSubscription] = []
  /// It was opened under an earlier daemon: nobody knows what it has missed, and it was not told so yet.
  var isReturning = false
  /// What a legacy client has set.
  var logLevel: MessageLevel?
  /// Resources whose changes the client wants to hear of.
  var watch = ResourceWatch()
  /// Called with those that it does not want any more.
  var onUnwatch: (([WatchedResource]) -> Void)?
  /// The operations of requests in flight.
  var operations: [RequestID: OperationID] = [:]
  /// Requests that the bridge sent to an earlier daemon before, and when; bounded by what can be in flight.
  var reasked: [RequestID: Int64] = [:]

  init(_ channel: any MCPChannel, _ view: MCPView, choosesExposure: Bool = false) {
    self.channel = channel
    self.view = view
    self.choosesExposure = choosesExposure
    view.clients += 1
  }

  /// Sends a message; ignored when the client has gone.
  func send(_ kind: OutgoingMessage.Kind, _ message: [UInt8]) { channel.send(OutgoingMessage(kind, message)) }

  /// Answers what does not count as in flight. `error`: the code, if the answer is an error.
  func reply(_ id: RequestID?, _ message: [UInt8], error: Int? = nil) {
    guard message.count > channel.largestMessage else { return send(.answer(id, error: error), message) }
    let refusal = JSONRPCWriter.error(
      id: id, code: MCPErrorCode.internalError,
      message: "The answer has \(message.count) bytes; at most \(channel.largestMessage) are possible")
    send(.answer(id, error: MCPErrorCode.internalError), refusal)
  }

  /// Answers a request, unless it was cancelled. `error`: as for `reply`.
  func answer(_ id: RequestID, _ message: [UInt8], error: Int? = nil) {
    reasked[id] = nil
    if state.end(id) { reply(id, message, error: error) }
  }

  func refuse(_ refusal: MCPRefusal) {
    let message = JSONRPCWriter.error(
      id: refusal.id, code: refusal.code, message: refusal.message, data: refusal.data)
    reply(refusal.id, message, error: refusal.code)
  }

  /// Refuses a request that counts as in flight.
  func refuse(_ id: RequestID, code: Int, _ message: String, data: JSONSlice? = nil) {
    answer(id, JSONRPCWriter.error(id: id, code: code, message: message, data: data), error: code)
  }

  /// Gives up what runs for a request that the client has cancelled.
  func cancel(_ id: RequestID) {
    subscriptions.removeAll { $0.id == id }
    let unwatched = watch.removeAll(for: .listen(id))
    if !unwatched.isEmpty { onUnwatch?(unwatched) }
    if let operation = operations.removeValue(forKey: id) { channel.abandons.removeValue(forKey: operation)?() }
  }

  /// The client is gone: what was asked for is waited for no more, and nothing is answered.
  func end() {
    state.endAll()
    view.clients -= 1
    subscriptions = []
    operations = [:]
    reasked = [:]
  }

  /// The least severe log messages that a legacy client gets unasked.
  var effectiveLevel: MessageLevel { logLevel ?? LevelTally.unasked }

  /// Bytes that may wait for a client before it is told nothing any more that it can do without.
  private static let mostQueuedBytes = 1 << 20

  /// Sends what a client that does not read can do without. `request`: what it is about; nil: it is for the client as such.
  func relay(_ message: [UInt8], about request: RequestID?) {
    guard channel.queuedBytes <= Self.mostQueuedBytes, message.count <= channel.largestMessage else { return }
    send(request.map { .about($0) } ?? .event, message)
  }

  /// The bridge is about to repeat a request.
  func noteReask(_ params: JSONSlice?) {
    guard let id = params?.member("id").flatMap({ RequestID($0) }), let moment = params?.member("askedAt")?.int,
      reasked.count < MCPSessionState.mostInFlight
    else { return }
    reasked[id] = Int64(moment)
  }

  /// Tells the client that a list changed, in the way of each era.
  func notify(_ kind: ListKind) {
    guard view.changingLists.contains(kind) else { return }
    if state.mayNotify { send(.notice(.list(kind)), JSONRPCWriter.notification(method: kind.changeNotification)) }
    for subscription in subscriptions where subscription.kinds.contains(kind) {
      send(.notice(.list(kind), on: subscription.id), subscription.change(of: kind))
    }
  }

  /// Who is there, for `status`.
  func note(_ client: JSONSlice?, era: ProtocolRevision.Era) {
    channel.note(
      name: client?.member("name")?.string.map { String($0.prefix(256)) },
      version: client?.member("version")?.string.map { String($0.prefix(64)) }, era: era)
  }
}
