import Protocol

/// The tools of the demonstration server, as they are listed. What they do is in `DemoServer+Tools.swift`.
enum DemoTool: String, CaseIterable {
  case add, count, echo, now, wait

  /// Writes the result of `tools/list`. All tools fit on one page.
  static func writeList(into result: inout JSONWriter) {
    result.key("tools")
    result.beginArray()
    for tool in allCases {
      result.beginObject()
      result.member("name", tool.rawValue)
      result.member("description", tool.description)
      result.key("inputSchema")
      result.splice(text: tool.inputSchema)
      result.key("annotations")
      result.splice(text: tool.annotations)
      result.endObject()
    }
    result.endArray()
  }

  private var description: String {
    switch self {
    case .add: "Adds two numbers."
    case .count: "Counts how often it has been called in this process: 1, 2, 3 and so on."
    case .echo: "Returns its arguments as JSON text, exactly as they arrived."
    case .now: "Tells the time in UTC, as RFC 3339 writes it."
    case .wait: "Waits, then says so. Reports progress when asked to, and can be cancelled."
    }
  }

  private var inputSchema: StaticString {
    switch self {
    case .add:
      #"{"type":"object","properties":{"a":{"type":"number"},"b":{"type":"number"}},"required":["a","b"]}"#
    case .count, .now:
      #"{"type":"object","additionalProperties":false}"#
    case .echo:
      #"{"type":"object","properties":{"value":{"description":"Any JSON value"}}}"#
    case .wait:
      """
      {"type":"object","properties":{"milliseconds":{"type":"integer","minimum":0,"maximum":60000}},\
      "required":["milliseconds"]}
      """
    }
  }

  private var annotations: StaticString {
    self == .count
      ? #"{"readOnlyHint":false,"destructiveHint":false,"idempotentHint":false,"openWorldHint":false}"#
      : #"{"readOnlyHint":true,"openWorldHint":false}"#
  }
}
