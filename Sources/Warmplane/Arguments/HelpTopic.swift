/// What a help text is about.
enum HelpTopic: Sendable {
  case overview
  /// The commands whose names begin with that word.
  case group(String)
  case command(Command)

  /// `warmplane auth <command> [flags]`
  var usage: String {
    switch self {
    case .overview: ArgumentTable.usage
    case .group(let name): "warmplane \(name) <command> [flags]"
    case .command(let command): command.usage
    }
  }

  /// The command line that shows it.
  var helpLine: String {
    switch self {
    case .overview: "warmplane help"
    case .group(let name): "warmplane help \(name)"
    case .command(let command): "warmplane help \(command.name)"
    }
  }
}
