/// Splits a command line into words and flags, before it is known which command it is for.
struct ArgumentReader {
  /// Command and operands in their order.
  private(set) var words: [String] = []
  /// By name of the flag; empty for a switch.
  private(set) var values: [String: String] = [:]
  /// Names of the flags in their order.
  private(set) var order: [String] = []

  private let flags: [Flag]
  private let suggested: [Flag]

  /// `suggested`: the flags that a message about an unknown one may propose.
  init(flags: [Flag], suggested: [Flag]) {
    self.flags = flags
    self.suggested = suggested
  }

  /// Reads all arguments, also behind a mistake: the words and flags that follow may explain it. Throws the first one.
  mutating func read(_ arguments: [String]) throws(UsageError) {
    var rest = arguments[...]
    var problem: UsageError?
    while let argument = rest.popFirst() {
      if argument == "--" {
        words += rest
        break
      }
      do {
        if argument.hasPrefix("--") {
          try readLong(argument.dropFirst(2), &rest)
        } else if argument.hasPrefix("-"), argument != "-" {
          try readShort(argument.dropFirst(), &rest)
        } else {
          words.append(argument)
        }
      } catch {
        problem = problem ?? error
      }
    }
    if let problem { throw problem }
  }

  private mutating func readLong(_ text: Substring, _ rest: inout ArraySlice<String>) throws(UsageError) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    guard let flag = flags.first(where: { $0.name == name }) else {
      let suggestion = NearestName.find(name, among: suggested.map(\.name))
      throw UsageError("unknown flag --\(name)" + (suggestion.map { "; did you mean --\($0)?" } ?? ""))
    }
    try set(flag, shown: "--\(name)", inline: parts.count == 2 ? String(parts[1]) : nil, &rest)
  }

  /// Several switches in one argument are possible, too; the first flag with a value takes what follows it.
  private mutating func readShort(_ text: Substring, _ rest: inout ArraySlice<String>) throws(UsageError) {
    var text = text
    while let letter = text.popFirst() {
      guard let flag = flags.first(where: { $0.short == letter }) else {
        throw UsageError("unknown flag -\(letter)")
      }
      if case .none = flag.value {
        try set(flag, shown: "-\(letter)", inline: nil, &rest)
        continue
      }
      let inline = text.hasPrefix("=") ? text.dropFirst() : text
      return try set(flag, shown: "-\(letter)", inline: text.isEmpty ? nil : String(inline), &rest)
    }
  }

  private mutating func set(
    _ flag: Flag, shown: String, inline: String?, _ rest: inout ArraySlice<String>
  ) throws(UsageError) {
    var value = inline
    if let placeholder = flag.placeholder {
      // `--config --strict` is a forgotten value and not a file of that name.
      if value == nil, let next = rest.first, !isFlag(next) { value = rest.popFirst() }
      guard let value else { throw UsageError("\(shown) needs a value: \(shown) \(placeholder)") }
      if let objection = flag.objection(to: value) { throw UsageError("\(shown) \"\(value)\": \(objection)") }
    } else if let value {
      throw UsageError("\(shown) takes no value, but \"\(value)\" was given")
    }
    // Asking twice for help is no contradiction; two ports are.
    if values[flag.name] != nil, flag.placeholder != nil { throw UsageError("\(shown) was given twice") }
    values[flag.name] = value ?? ""
    order.append(flag.name)
  }

  private func isFlag(_ argument: String) -> Bool {
    if argument == "--" { return true }
    if argument.hasPrefix("--") {
      let name = argument.dropFirst(2).prefix { $0 != "=" }
      return flags.contains { $0.name == name }
    }
    return argument.utf8.count == 2 && argument.hasPrefix("-") && flags.contains { $0.short == argument.last }
  }
}
