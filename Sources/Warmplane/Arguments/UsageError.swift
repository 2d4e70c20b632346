/// A command line that cannot be understood.
struct UsageError: Error, Sendable {
  let message: String
  /// The command, as far as it is known.
  let command: Command?

  init(_ message: String, command: Command? = nil) {
    self.message = message
    self.command = command
  }

  /// The message, how it goes, and where help is.
  var rendered: String {
    """
    Error: \(message)

    Usage: \(command?.usage ?? ArgumentTable.usage)
    Try:   warmplane help\(command.map { " \($0.name)" } ?? "")

    """
  }
}
