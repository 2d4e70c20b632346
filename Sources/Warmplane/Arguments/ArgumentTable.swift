/// All commands of the program, and the grammar of its command line.
///
/// Flags and operands come in any order, before and behind the command: `--flag value`, `--flag=value`, `-f value`,
/// `-fvalue`. `--` ends the flags. A flag has the same form in every command that has it.
struct ArgumentTable: Sendable {
  static let usage = "warmplane <command> [flags]"

  let commands: [Command]
  /// What every command has, `--help` and `--version` aside.
  let commonFlags: [Flag]
  /// Whole sentences for the help of each first word that several commands share.
  let groupDetails: [String: String]

  static let help = Flag("help", short: "h", help: "Show help, of a command if one is named")
  static let version = Flag("version", short: "V", help: "Show the version")

  /// All flags of a command, its own first.
  func flags(of command: Command) -> [Flag] { command.flags + commonFlags }

  /// What the words of a command line name, without its flags.
  private enum Named {
    case command(Command, operands: [String])
    /// The first word of commands that have two.
    case group(String)
  }

  private func named(_ words: [String]) throws(UsageError) -> Named {
    if let command = commands.first(where: { words.starts(with: $0.words) }) {
      return .command(command, operands: Array(words.dropFirst(command.words.count)))
    }
    let siblings = commands.filter { $0.words.count > 1 && $0.words.first == words.first }
    guard let group = siblings.first?.words.first else {
      let name = words.first ?? ""
      let suggestion = NearestName.find(name, among: commands.map { $0.words[0] } + ["help"])
      throw UsageError("unknown command \"\(name)\"" + (suggestion.map { "; did you mean \"\($0)\"?" } ?? ""))
    }
    guard words.count > 1 else { return .group(group) }
    let suggestion = NearestName.find(words[1], among: siblings.map { $0.words[1] })
    throw UsageError(
      "unknown command \"\(group) \(words[1])\"" + (suggestion.map { "; did you mean \"\(group) \($0)\"?" } ?? ""),
      topic: .group(group))
  }

  /// Understands a command line without the program's name.
  func parse(_ arguments: [String]) throws(UsageError) -> Invocation {
    let presumed = commands.filter { $0.words.allSatisfy(arguments.contains) }.max { $0.words.count < $1.words.count }
    let suggested = presumed.map { flags(of: $0) + [Self.help] } ?? allFlags
    var reader = ArgumentReader(flags: allFlags, suggested: suggested)
    var problem: UsageError?
    do { try reader.read(arguments) } catch { problem = error }
    // Somebody who asks for help gets it, whatever else is wrong on that line.
    if reader.values[Self.help.name] != nil { return .help(try helpTopic(reader.words, isExact: false)) }
    if let problem { throw refined(problem, words: reader.words) }
    if reader.values[Self.version.name] != nil { return .version }
    guard let name = reader.words.first else { return .incomplete(.overview) }
    if name == "help" { return .help(try helpTopic(Array(reader.words.dropFirst()), isExact: true)) }
    let command: Command
    let operands: [String]
    switch try named(reader.words) {
    case .group(let name): return .incomplete(.group(name))
    case .command(let named, let rest): (command, operands) = (named, rest)
    }
    try check(operands, of: command)
    let allowed = Set(flags(of: command).map(\.name))
    // In the order of the command line, so that the message names the first one.
    for flag in reader.order where !allowed.contains(flag) {
      throw UsageError("\"\(command.name)\" has no flag --\(flag)", topic: .command(command))
    }
    for flag in command.flags where flag.isRequired && reader.values[flag.name] == nil {
      let form = "--\(flag.name)\(flag.placeholder.map { " \($0)" } ?? "")"
      throw UsageError("missing flag \(form): \(flag.help)", topic: .command(command))
    }
    return .command(ParsedArguments(command: command, operands: operands, values: reader.values))
  }

  /// What `words` ask help on; help of `help` itself is the general one. `isExact`: they name nothing but the topic.
  private func helpTopic(_ words: [String], isExact: Bool) throws(UsageError) -> HelpTopic {
    guard let first = words.first, first != "help" else { return .overview }
    switch try named(words) {
    case .group(let name): return .group(name)
    case .command(let command, let rest):
      if isExact, !rest.isEmpty { throw UsageError("help takes one command, not \"\(words.joined(separator: " "))\"") }
      return .command(command)
    }
  }

  private var allFlags: [Flag] {
    var names: Set<String> = []
    return (commands.flatMap(\.flags) + commonFlags + [Self.help, Self.version]).filter {
      names.insert($0.name).inserted
    }
  }

  /// The same problem with the command that it is about, once that is known.
  private func refined(_ problem: UsageError, words: [String]) -> UsageError {
    switch try? named(words) {
    case .command(let command, _): UsageError(problem.message, topic: .command(command))
    case .group(let name): UsageError(problem.message, topic: .group(name))
    case nil: UsageError(problem.message)
    }
  }

  private func check(_ operands: [String], of command: Command) throws(UsageError) {
    if operands.count < command.operands.count, !command.operands[operands.count].isOptional {
      let missing = command.operands[operands.count]
      throw UsageError("missing operand <\(missing.name)>: \(missing.help)", topic: .command(command))
    }
    if operands.count > command.operands.count {
      throw UsageError("unexpected operand \"\(operands[command.operands.count])\"", topic: .command(command))
    }
  }
}
