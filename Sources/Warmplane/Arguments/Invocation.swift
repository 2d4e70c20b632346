/// What a command line asks for.
enum Invocation: Sendable {
  case help(HelpTopic)
  case version
  /// No command, or only the first word of several.
  case incomplete(HelpTopic)
  case command(ParsedArguments)
}
