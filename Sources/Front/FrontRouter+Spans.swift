import Configuration
import Platform
import Protocol
import Supervisor
import Telemetry

/// Recording of spans. Each method returns at once while traces are not exported, and for traces that their caller does
/// not sample.
extension FrontRouter {
  /// The request that an operation is about to make, if it is to be recorded.
  func tracedRequest(of operation: FrontOperation, _ upstreamName: JSONSlice) -> TracedRequest? {
    guard spans != nil, operation.trace.isSampled else { return nil }
    let entry = settings.configuration.servers.first { $0.id == operation.server }
    var isOverHTTP = false
    if case .http = entry?.transport { isOverHTTP = true }
    return TracedRequest(
      context: operation.trace.child(using: &random), upstreamName: upstreamName.string ?? "", isOverHTTP: isOverHTTP)
  }

  /// The request of an operation has ended; with nil, the client gave it up.
  func recordRequest(of operation: FrontOperation, _ end: OperationEnd?, sentAt: MonotonicTime?) {
    guard let spans, let request = operation.tracedRequest, let sentAt else { return }
    if case .answered(.completed(let data?)) = end, operation.kind == .capability {
      request.isToolError = data.member("isError")?.bool == true
    }
    let span = OperationSpans.request(
      request, operation.kind, server: operation.server, end, sentAt: sentAt, at: .read())
    if let span { spans.record(span) }
  }

  /// An operation has been answered, or its client has gone.
  func recordEnd(of operation: FrontOperation, _ result: Result<JSONSlice?, OperationFailure>) {
    guard let spans, operation.trace.isSampled else { return }
    spans.record(OperationSpans.operation(operation, result, at: .read()))
  }

  func recordRefusal(
    _ target: any ReplyTarget, _ kind: EntryKind, _ refusal: OperationRequest.Refusal, _ trace: TraceContext
  ) {
    guard let spans, trace.isSampled else { return }
    spans.record(
      OperationSpans.refusal(
        refusal.failure, kind, surface: target.surface, requestID: refusal.requestID?.string, context: trace,
        at: .read()))
  }
}
