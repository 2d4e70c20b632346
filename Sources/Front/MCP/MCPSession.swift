import Protocol
import Transport

/// One MCP client behind a bridge: its state, and what runs for it. Confined to the front.
final class MCPSession {
  let control: ControlSession
  var state = MCPSessionState()
  var subscriptions: [MCPSubscription] = []
  /// The operations of requests in flight.
  var operations: [RequestID: OperationID] = [:]
  /// Requests that the bridge sent to an earlier daemon before, and when; bounded by what can be in flight.
  var reasked: [RequestID: Int64] = [:]

  init(_ control: ControlSession) { self.control = control }

  /// Queues a message; ignored when the bridge has gone.
  func send(_ message: [UInt8]) { control.connection.send(message) }

  /// Answers a request, unless it was cancelled.
  func answer(_ id: RequestID, _ message: [UInt8]) {
    reasked[id] = nil
    guard state.end(id) else { return }
    guard message.count <= Frame.maximumLength else {
      return send(
        JSONRPCWriter.error(
          id: id, code: MCPErrorCode.internalError,
          message: "The answer has \(message.count) bytes; at most \(Frame.maximumLength) are possible"))
    }
    send(message)
  }

  func refuse(_ refusal: MCPRefusal) {
    let message = JSONRPCWriter.error(
      id: refusal.id, code: refusal.code, message: refusal.message, data: refusal.data)
    send(message)
  }

  /// Refuses a request that counts as in flight.
  func refuse(_ id: RequestID, code: Int, _ message: String, data: JSONSlice? = nil) {
    answer(id, JSONRPCWriter.error(id: id, code: code, message: message, data: data))
  }

  /// Gives up what runs for a request that the client has cancelled.
  func cancel(_ id: RequestID) {
    subscriptions.removeAll { $0.id == id }
    if let operation = operations.removeValue(forKey: id) { control.abandons.removeValue(forKey: operation)?() }
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
    if state.mayNotify { send(JSONRPCWriter.notification(method: kind.changeNotification)) }
    for subscription in subscriptions where subscription.kinds.contains(kind) {
      send(subscription.change(of: kind))
    }
  }

  /// Who is there, for `status`.
  func note(_ client: JSONSlice?, era: ProtocolRevision.Era) {
    control.era = era
    if let name = client?.member("name")?.string { control.name = String(name.prefix(256)) }
    if let version = client?.member("version")?.string { control.version = String(version.prefix(64)) }
  }
}
