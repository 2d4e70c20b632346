/// What a command line asks for.
enum Invocation: Sendable {
  /// Help on one command, or on all.
  case help(Command?)
  case version
  /// No command.
  case nothing
  case command(ParsedArguments)
}
