import Platform
import Protocol
import Telemetry

/// An operation that the front has taken and not answered.
struct FrontOperation {
  /// What is done with the entry once it is found.
  enum Purpose {
    /// Call, read or get.
    case carryOut
    case describe
    /// Nothing: its server is waited for.
    case meet
  }

  private(set) var id: OperationID
  let kind: EntryKind
  let purpose: Purpose
  var target: any ReplyTarget
  let trace: TraceContext
  let requestID: JSONSlice?
  /// The public id.
  let entryID: String
  /// The name, URI or id that the client wrote: messages say that.
  let asked: String
  /// `args` or `arguments`.
  let payload: JSONSlice?
  let admitted: MonotonicTime
  /// Nil for what is found by its public id.
  var route: OperationRoute?
  /// Nil unless it is about an argument of the entry, not the entry itself.
  var completion: CompletionRequest?
  /// The client's own `_meta`, for the upstream.
  var meta: JSONSlice?
  /// Nil without an idempotency key.
  var keyed: KeyedRequest?
  /// Known once the id was looked up.
  var server = ""
  /// Servers that the id might have belonged to, as its beginning says, and did not.
  var triedServers: Set<String> = []
  /// Why the first of them could not be asked.
  var refusal: OperationFailure?
  var timeoutMilliseconds = 0
  /// Its request to the server as spans tell it; nil unless traces are exported and this one is sampled.
  var tracedRequest: TracedRequest?

  /// The same request as the answer to an operation that is under way already.
  func resumed(as id: OperationID) -> FrontOperation {
    var copy = self
    copy.id = id
    return copy
  }

  /// How it is called in messages: "Tool call".
  var name: String {
    if completion != nil { return "Completion" }
    return purpose == .carryOut ? kind.operation : "Description"
  }

  /// The MCP method that carries it out.
  var method: String { completion == nil ? kind.method : "completion/complete" }
  var traceID: String { trace.traceID.description }
  var deadline: MonotonicTime { admitted + .milliseconds(timeoutMilliseconds) }
}
