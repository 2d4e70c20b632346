/// One command: all that parsing, help and running need.
struct Command: Sendable {
  /// What an operand is called and means. Every operand is required.
  struct Operand: Sendable {
    let name: String
    let help: String
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
    (["warmplane", name] + operands.map { "<\($0.name)>" } + ["[flags]"]).joined(separator: " ")
  }
}
