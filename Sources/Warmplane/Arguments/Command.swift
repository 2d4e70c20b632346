/// One command: all that parsing, help and running need.
struct Command: Sendable {
  /// What an operand is called and means. Optional ones come last.
  struct Operand: Sendable {
    let name: String
    let help: String
    var isOptional = false

    /// `<id>` or `[server]`
    var placeholder: String { isOptional ? "[\(name)]" : "<\(name)>" }
  }

  /// A command line that works, and what it does.
  struct Example: Sendable {
    let line: String
    let note: String
  }

  /// One word, or two: a group and what to do.
  let name: String
  /// The heading under which the list of commands shows it.
  let group: String
  /// One line, no full stop.
  let summary: String
  /// Whole sentences for the command's own help.
  let details: String
  var operands: [Operand] = []
  var flags: [Flag] = []
  var examples: [Example] = []
  let run: @Sendable (ParsedArguments) throws(CommandFailure) -> ExitCode

  var words: [String] { name.split(separator: " ").map(String.init) }

  /// `warmplane call-capability <id> [flags]`
  var usage: String {
    let required = flags.filter(\.isRequired).map { "--\($0.name)\($0.placeholder.map { " \($0)" } ?? "")" }
    return (["warmplane", name] + operands.map(\.placeholder) + required + ["[flags]"]).joined(separator: " ")
  }
}
