import Protocol

/// The event stream of 2024-11-05, which carries everything that the upstream says; a session lives as long as its stream
/// (mcp-checklist CLI-65). Loop-confined.
final class EventStream2024 {
  var exchange: UpstreamExchange?
  /// Where messages of ours go; the stream's first event names it.
  var endpoint: HTTPURL?
}
