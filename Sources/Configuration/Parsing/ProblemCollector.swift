/// Gathers problems with byte offsets; `sorted` turns the offsets into lines and columns.
struct ProblemCollector {
  private struct Entry {
    var offset: Int
    var pointer: JSONPointer
    var severity: ConfigurationProblem.Severity
    var message: String
  }

  private var entries: [Entry] = []
  private(set) var hasErrors = false

  /// Prefixes the message with the server id, if the node belongs to a server.
  mutating func add(
    _ severity: ConfigurationProblem.Severity, _ message: String, at node: ConfigurationNode, offset: Int? = nil
  ) {
    add(
      severity, node.server.map { "server \($0.quoted): \(message)" } ?? message, pointer: node.pointer,
      offset: offset ?? node.offset)
  }

  /// A value of the wrong type, or a text that is no JSON.
  mutating func addUnparsable(_ cause: String, at node: ConfigurationNode) {
    let place = node.server.map { "server \($0.quoted): " } ?? ""
    add(.error, "failed to parse config JSON: \(place)\(cause)", pointer: node.pointer, offset: node.offset)
  }

  mutating func add(
    _ severity: ConfigurationProblem.Severity, _ message: String, pointer: JSONPointer, offset: Int
  ) {
    hasErrors = hasErrors || severity == .error
    entries.append(Entry(offset: offset, pointer: pointer, severity: severity, message: message))
  }

  /// By position; problems at one position in the order in which they were found. One pass over the text, however many
  /// problems there are.
  func sorted(in text: [UInt8]) -> [ConfigurationProblem] {
    let order = entries.indices.sorted { (entries[$0].offset, $0) < (entries[$1].offset, $1) }
    var counter = LineCounter(text)
    return order.map { index in
      let entry = entries[index]
      counter.advance(to: entry.offset)
      return ConfigurationProblem(
        pointer: entry.pointer.text, line: counter.line, column: counter.column, severity: entry.severity,
        message: entry.message)
    }
  }
}
