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

  /// `warmplane call-capability <id> [flags]`
  var usage: String {
    (["warmplane", name] + operands.map(\.placeholder) + ["[flags]"]).joined(separator: " ")
  }
}
