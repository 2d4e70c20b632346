import Platform
import Protocol
import Telemetry

/// An operation that the front has taken and not answered.
struct FrontOperation {
  let id: OperationID
  let kind: EntryKind
  let target: any ReplyTarget
  let trace: TraceContext
  let requestID: JSONSlice?
  /// The public id.
  let entryID: String
  /// `args` or `arguments`.
  let payload: JSONSlice?
  let admitted: MonotonicTime
  /// Known once the id was looked up.
  var server = ""
  var timeoutMilliseconds = 0

  var traceID: String { trace.traceID.description }
  var deadline: MonotonicTime { admitted + .milliseconds(timeoutMilliseconds) }
}
