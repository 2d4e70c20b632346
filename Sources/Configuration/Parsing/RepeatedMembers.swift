import Protocol

/// Reports every repeated member name of a document. Two readers of such a file would see different configurations.
/// Names are compared as Swift strings, so that names which differ only in Unicode normalisation count as repeated too.
struct RepeatedMembers {
  /// A name that is given again, and where it was given first.
  private struct Repetition {
    var node: ConfigurationNode
    var name: String
    var offset: Int
    var firstOffset: Int
  }

  private var repetitions: [Repetition] = []

  static func report(in root: ConfigurationNode, to problems: inout ProblemCollector) {
    var search = RepeatedMembers()
    search.visit(root)
    var counter = LineCounter(root.value.buffer)
    for repetition in search.repetitions.sorted(by: { $0.firstOffset < $1.firstOffset }) {
      counter.advance(to: repetition.firstOffset)
      problems.add(
        .error,
        "the name \(repetition.name.quoted) is repeated in this object; it is first given on line \(counter.line)",
        at: repetition.node, offset: repetition.offset)
    }
  }

  /// The depth of recursion is bounded by the limits under which the document was validated.
  private mutating func visit(_ node: ConfigurationNode) {
    switch node.value.kind {
    case .object:
      var first: [String: Int] = [:]
      for (key, value) in node.value.members {
        guard let name = key.string else { continue }
        var child = node.child(name, value)
        if case .member(.root, "mcpServers") = node.pointer { child.server = name }
        let offset = key.range.lowerBound
        if let firstOffset = first[name] {
          repetitions.append(Repetition(node: child, name: name, offset: offset, firstOffset: firstOffset))
        } else {
          first[name] = offset
        }
        visit(child)
      }
    case .array:
      for item in node.items {
        visit(item)
      }
    default:
      break
    }
  }
}
