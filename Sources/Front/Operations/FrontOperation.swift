import Platform
import Protocol
import Telemetry

/// The way back to whoever asked.
enum ReplyTarget {
  case http(HTTPExchange)
  /// A request of a control connection.
  case control(ControlSession, RequestID)

  /// The word of log records: which surface the operation came by.
  var surface: String {
    switch self {
    case .http: "http"
    case .control: "cli"
    }
  }

  /// Answers with a JSON body and the status it has on `/v1`.
  func reply(status: Int, body: [UInt8], allow: String? = nil) {
    switch self {
    case .http(let exchange):
      exchange.respond(status: status, headers: allow.map { [(name: "allow", value: $0)] } ?? [], body: body)
    case .control(let session, let id):
      session.reply(id, status: status, body: body)
    }
  }

  func reply(_ failure: OperationFailure, requestID: JSONSlice?, traceID: String) {
    reply(
      status: failure.status, body: Envelope.failure(requestID: requestID, traceID: traceID, failure),
      allow: failure.allow)
  }
}

/// An operation that the front has taken and not answered.
struct FrontOperation {
  let id: OperationID
  let target: ReplyTarget
  let trace: TraceContext
  let requestID: JSONSlice?
  let capabilityID: String
  let arguments: JSONSlice
  let admitted: MonotonicTime
  /// Known once the id was looked up.
  var server = ""
  var timeoutMilliseconds = 0

  var traceID: String { trace.traceID.description }
  var deadline: MonotonicTime { admitted + .milliseconds(timeoutMilliseconds) }
}
