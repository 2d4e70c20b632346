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
  /// What is done with the capability once it is found; the raw value begins a sentence.
  enum Purpose: String {
    case call = "Tool call"
    case describe = "Description"
  }

  let id: OperationID
  let purpose: Purpose
  let target: ReplyTarget
  let trace: TraceContext
  let requestID: JSONSlice?
  let capabilityID: String
  let arguments: JSONSlice
  let admitted: MonotonicTime
  /// Known once the id was looked up.
  var server = ""
  /// Servers that the id might have belonged to, as its beginning says, and did not.
  var triedServers: Set<String> = []
  /// Why the first of them could not be asked.
  var refusal: OperationFailure?
  var timeoutMilliseconds = 0

  var traceID: String { trace.traceID.description }
  var deadline: MonotonicTime { admitted + .milliseconds(timeoutMilliseconds) }
}
