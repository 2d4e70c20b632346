import Platform
import Protocol
import Supervisor
import Telemetry

/// The spans of operations. Names and attributes are told in docs/OBSERVABILITY.md; those of others' namespaces follow
/// OpenTelemetry's conventions for MCP. Pure.
enum OperationSpans {
  /// The value of `error.type` when the tool itself said that it failed.
  private static let toolError = "tool_error"

  /// The span of an operation, from admission to answer.
  static func operation(
    _ operation: FrontOperation, _ result: Result<JSONSlice?, OperationFailure>, at time: SpanTime
  ) -> Span {
    var attributes = [SpanAttribute("warmplane.surface", operation.target.surface)]
    if !operation.server.isEmpty { attributes.append(SpanAttribute("warmplane.server", operation.server)) }
    attributes.append(SpanAttribute("warmplane.\(operation.kind.idMember)", operation.entryID))
    if let id = operation.requestID?.string { attributes.append(SpanAttribute("warmplane.request_id", id)) }
    let method = operation.purpose == .describe ? "\(operation.kind.listMember)/describe" : operation.method
    // A name that no server has is the client's own text, of which there are too many to group by.
    let isKnown = operation.tracedRequest != nil || result.failure == nil
    let target = isKnown ? operation.entryID : nil
    let isToolError = operation.tracedRequest?.isToolError == true
    return span(
      name: name(method, operation.kind, target), context: operation.trace, from: operation.admitted, at: time,
      attributes,
      failure: result.failure, isToolError: isToolError)
  }

  /// The span of a request that could not be read.
  static func refusal(
    _ failure: OperationFailure, _ kind: EntryKind, surface: String, requestID: String?, context: TraceContext,
    at time: SpanTime
  ) -> Span {
    var attributes = [SpanAttribute("warmplane.surface", surface)]
    if let requestID { attributes.append(SpanAttribute("warmplane.request_id", requestID)) }
    return span(
      name: kind.method, context: context, from: time.now, at: time, attributes, failure: failure, isToolError: false)
  }

  /// The span of the request to the server, from the moment when its worker was told. `end` is nil when the client gave
  /// it up. Nil when nothing reached the server.
  static func request(
    _ request: TracedRequest, _ kind: EntryKind, server: String, _ end: OperationEnd?, sentAt: MonotonicTime,
    at time: SpanTime
  ) -> Span? {
    var attributes = [
      SpanAttribute("mcp.method.name", kind.method), SpanAttribute("warmplane.server", server),
      SpanAttribute("network.transport", request.isOverHTTP ? "tcp" : "pipe"),
    ]
    switch kind {
    case .capability:
      attributes.append(SpanAttribute("gen_ai.operation.name", "execute_tool"))
      attributes.append(SpanAttribute("gen_ai.tool.name", request.upstreamName))
    case .resource: attributes.append(SpanAttribute("mcp.resource.uri", request.upstreamName))
    case .prompt: attributes.append(SpanAttribute("gen_ai.prompt.name", request.upstreamName))
    }
    let errorType: String?
    switch end {
    case .answered(.completed): errorType = request.isToolError ? toolError : nil
    case .answered(.rejected(let error)):
      let code = error.member("code")?.int.map { "\($0)" }
      if let code { attributes.append(SpanAttribute("rpc.response.status_code", code)) }
      errorType = code ?? "_OTHER"
    case .answered(.failed(let failure)), .answered(.unknown(let failure)): errorType = failure.reason.rawValue
    case .lost: errorType = "worker_lost"
    case nil: errorType = CallFailure.Reason.cancelled.rawValue
    case .answered(.notSent), .unavailable, .expiredWhileStarting: return nil
    }
    if let errorType { attributes.append(SpanAttribute("error.type", errorType)) }
    return Span(
      name: name(kind.method, kind, request.upstreamName), kind: .client, context: request.context,
      isParentRemote: false,
      start: time.nanoseconds(of: sentAt), end: time.nanoseconds(of: time.now), attributes: attributes,
      status: errorType.map(Span.Status.error) ?? .unset)
  }

  /// Bytes of an id in a span's name.
  private static let longestTarget = 128

  /// Resources are too many to group by.
  private static func name(_ method: String, _ kind: EntryKind, _ target: String?) -> String {
    guard let target, kind != .resource else { return method }
    return "\(method) \(SpanAttribute.cut(target, to: longestTarget))"
  }

  private static func span(
    name: String, context: TraceContext, from start: MonotonicTime, at time: SpanTime, _ attributes: [SpanAttribute],
    failure: OperationFailure?, isToolError: Bool
  ) -> Span {
    var attributes = attributes
    var status = Span.Status.unset
    attributes.append(SpanAttribute("warmplane.outcome_code", failure?.code.rawValue ?? "OK"))
    if let failure {
      if let reason = failure.reason { attributes.append(SpanAttribute("warmplane.reason", reason)) }
      attributes.append(SpanAttribute("error.type", failure.reason ?? failure.code.rawValue))
      status = .error(failure.reason.map { "\(failure.code.rawValue): \($0)" } ?? failure.code.rawValue)
    } else if isToolError {
      attributes.append(SpanAttribute("error.type", toolError))
      status = .error(toolError)
    }
    attributes.append(SpanAttribute("warmplane.duration_ms", time.now.milliseconds(since: start)))
    return Span(
      name: name, kind: .server, context: context, isParentRemote: context.parentSpanID != 0,
      start: time.nanoseconds(of: start), end: time.nanoseconds(of: time.now), attributes: attributes, status: status)
  }
}

extension Result where Failure == OperationFailure {
  fileprivate var failure: OperationFailure? {
    if case .failure(let failure) = self { failure } else { nil }
  }
}
