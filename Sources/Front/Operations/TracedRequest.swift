import Telemetry

/// The request of an operation to its server, while the operation is recorded. A reference, because operations are
/// copied and nearly always are not recorded.
final class TracedRequest {
  /// The span that the server is told to continue.
  let context: TraceContext
  /// What the server calls the tool, resource or prompt.
  let upstreamName: String
  let isOverHTTP: Bool
  /// The tool itself said that it failed.
  var isToolError = false

  init(context: TraceContext, upstreamName: String, isOverHTTP: Bool) {
    self.context = context
    self.upstreamName = upstreamName
    self.isOverHTTP = isOverHTTP
  }
}
