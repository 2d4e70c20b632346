import Protocol
import Supervisor
import Transport

/// The way back to whoever asked: one request of one surface. Loop-confined. It is answered once.
protocol ReplyTarget: AnyObject {
  /// How the client finds its operation again after this daemon; nil when it cannot.
  var origin: RequestOrigin? { get }

  /// Tells when the answer that was given last has left this process; nil: nobody knows.
  var delivery: Delivery { get }

  /// How an operation's end is told, in words that the next daemon understands too; nil: as an envelope.
  var form: String? { get }

  /// What the client may see.
  var scope: Scope { get }

  /// Under whose names the client knows entries; nil: under their public ids.
  var view: MCPView? { get }

  /// What of a list the client wants; nil: everything.
  var listFilter: CapabilityFilter? { get }

  /// What the client wants to hear before the answer.
  var wishes: CallWishes { get }

  /// The operation goes on: parameters of the server's `notifications/progress`.
  func progressed(_ params: JSONSlice)

  /// The word of log records: `http`, `cli` or `mcp`.
  var surface: String { get }

  /// The answer that is about to be given is the outcome of an earlier request with the same idempotency key.
  func noteDeduplicated()

  /// Answers with a JSON body and the status it has on `/v1`. `allow`: value of the `Allow` header of a 405.
  func reply(status: Int, body: [UInt8], allow: String?)

  /// Answers with the end of an operation: an envelope, unless the surface has a form of its own.
  func finish(_ result: Result<JSONSlice?, OperationFailure>, requestID: JSONSlice?, traceID: String)

  /// An operation runs for this request; `abandon` is to be called when its client goes away before the answer.
  func began(_ operation: OperationID, abandon: @escaping () -> Void)

  /// The operation has ended.
  func ended(_ operation: OperationID)
}

extension ReplyTarget {
  var form: String? { nil }

  var view: MCPView? { nil }

  var listFilter: CapabilityFilter? { nil }

  var wishes: CallWishes { .none }

  func progressed(_ params: JSONSlice) {}

  func noteDeduplicated() {}

  func reply(status: Int, body: [UInt8]) { reply(status: status, body: body, allow: nil) }

  func reply(_ failure: OperationFailure, requestID: JSONSlice? = nil, traceID: String) {
    reply(
      status: failure.status, body: Envelope.failure(requestID: requestID, traceID: traceID, failure),
      allow: failure.allow)
  }

  func finish(_ result: Result<JSONSlice?, OperationFailure>, requestID: JSONSlice?, traceID: String) {
    switch result {
    case .success(let data):
      reply(status: 200, body: Envelope.success(requestID: requestID, traceID: traceID, data: data))
    case .failure(let failure):
      reply(failure, requestID: requestID, traceID: traceID)
    }
  }
}

extension HTTPExchange: ReplyTarget {
  var surface: String { "http" }
  var origin: RequestOrigin? { nil }
  var delivery: Delivery { .passedOn(self, mark: 0) }

  func reply(status: Int, body: [UInt8], allow: String?) {
    respond(status: status, headers: allow.map { [(name: "allow", value: $0)] } ?? [], body: body)
  }

  func noteDeduplicated() { isDeduplicated = true }

  func began(_ operation: OperationID, abandon: @escaping () -> Void) { onDisconnect(abandon) }

  func ended(_ operation: OperationID) {}
}

extension HTTPExchange: DeliveryReceipt {
  package func hasDelivered(_ mark: Int) -> Bool {
    switch phase {
    case .finished, .abandoned: true
    case .fresh, .reading, .offered, .suspended, .answered, .sent: false
    }
  }
}

/// One request of a control session.
final class ControlRequest: ReplyTarget {
  let session: ControlSession
  let id: RequestID
  let origin: RequestOrigin?
  let scope: Scope

  /// `reaskedAt`: when an earlier daemon was asked the same.
  init(_ session: ControlSession, _ id: RequestID, scope: Scope, reaskedAt: Int64? = nil) {
    self.session = session
    self.id = id
    self.scope = scope
    origin = RequestOrigin(client: session.client, id: id, reaskedAt: reaskedAt)
  }

  var surface: String { "cli" }
  var delivery: Delivery { session.connection.delivery }

  func reply(status: Int, body: [UInt8], allow: String?) { session.reply(id, status: status, body: body) }

  func began(_ operation: OperationID, abandon: @escaping () -> Void) { session.abandons[operation] = abandon }

  func ended(_ operation: OperationID) { session.abandons[operation] = nil }
}
