/// Which forms of an answer a client takes, by its `Accept` (RFC 9110 §12.5.1; mcp-checklist SRV-6). Pure.
///
/// MCP clients must list both. We are tolerant: wildcards count, no header at all means anything, and who takes one form
/// only gets that one.
struct AcceptedForms: Sendable, Equatable {
  var json: Bool
  var stream: Bool

  /// `values` are the header's lines, in any number.
  init(_ values: [String]) {
    guard !values.isEmpty else {
      json = true
      stream = true
      return
    }
    let ranges = values.flatMap { $0.split(separator: ",", omittingEmptySubsequences: true) }.map(Range.init)
    json = Self.accepts("application", "json", ranges)
    stream = Self.accepts("text", "event-stream", ranges)
  }

  /// One media range with its weight.
  private struct Range {
    let type: String
    let subtype: String
    let isRefused: Bool

    init(_ text: Substring) {
      let parts = text.split(separator: ";", omittingEmptySubsequences: false).map { Self.trimmed($0).lowercased() }
      let names = (parts.first ?? "").split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
      type = names.first.map(String.init) ?? ""
      subtype = names.count == 2 ? String(names[1]) : ""
      isRefused = parts.dropFirst().contains { parameter in
        parameter.hasPrefix("q=") && parameter.dropFirst(2).allSatisfy { $0 == "0" || $0 == "." }
      }
    }

    private static func trimmed(_ text: Substring) -> Substring {
      var text = text
      while text.first == " " || text.first == "\t" { text.removeFirst() }
      while text.last == " " || text.last == "\t" { text.removeLast() }
      return text
    }
  }

  /// The most specific range that matches decides.
  private static func accepts(_ type: String, _ subtype: String, _ ranges: [Range]) -> Bool {
    for (wanted, under) in [(type, subtype), (type, "*"), ("*", "*")] {
      if let range = ranges.first(where: { $0.type == wanted && $0.subtype == under }) { return !range.isRefused }
    }
    return false
  }
}
