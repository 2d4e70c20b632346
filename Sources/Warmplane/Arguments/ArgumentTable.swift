/// All commands of the program, and the grammar of its command line.
///
/// Flags and operands come in any order, before and behind the command: `--flag value`, `--flag=value`, `-f value`,
/// `-fvalue`. `--` ends the flags. A flag has the same form in every command that has it.
struct ArgumentTable: Sendable {
  static let usage = "warmplane <command> [flags]"

  let commands: [Command]
  /// What every command has, `--help` and `--version` aside.
  let commonFlags: [Flag]

  static let help = Flag("help", short: "h", help: "Show help, of a command if one is named")
  static let version = Flag("version", short: "V", help: "Show the version")

  /// All flags of a command, its own first.
  func flags(of command: Command) -> [Flag] { command.flags + commonFlags }

  func command(named name: String) throws(UsageError) -> Command {
    if let command = commands.first(where: { $0.name == name }) { return command }
    let suggestion = NearestName.find(name, among: commands.map(\.name) + ["help"])
    throw UsageError("unknown command \"\(name)\"" + (suggestion.map { "; did you mean \"\($0)\"?" } ?? ""))
  }

  /// Understands a command line without the program's name.
  func parse(_ arguments: [String]) throws(UsageError) -> Invocation {
    let presumed = commands.first { arguments.contains($0.name) }
    let suggested = presumed.map { flags(of: $0) + [Self.help] } ?? allFlags
    var reader = ArgumentReader(flags: allFlags, suggested: suggested)
    var problem: UsageError?
    do { try reader.read(arguments) } catch { problem = error }
    // Somebody who asks for help gets it, whatever else is wrong on that line.
    if reader.values[Self.help.name] != nil { return .help(try reader.words.first.map(helpTopic) ?? nil) }
    if let problem { throw refined(problem, word: reader.words.first) }
    if reader.values[Self.version.name] != nil { return .version }
    guard let name = reader.words.first else { return .nothing }
    let operands = Array(reader.words.dropFirst())
    if name == "help" {
      if operands.count > 1 { throw UsageError("help takes one command, not \(operands.count)") }
      return .help(try operands.first.map(helpTopic) ?? nil)
    }
    let command = try command(named: name)
    try check(operands, of: command)
    let allowed = Set(flags(of: command).map(\.name))
    // In the order of the command line, so that the message names the first one.
    for flag in reader.order where !allowed.contains(flag) {
      throw UsageError("\"\(command.name)\" has no flag --\(flag)", command: command)
    }
    return .command(ParsedArguments(command: command, operands: operands, values: reader.values))
  }

  /// Help of `help` itself is the general one.
  private func helpTopic(_ name: String) throws(UsageError) -> Command? {
    name == "help" ? nil : try command(named: name)
  }

  private var allFlags: [Flag] {
    var names: Set<String> = []
    return (commands.flatMap(\.flags) + commonFlags + [Self.help, Self.version]).filter {
      names.insert($0.name).inserted
    }
  }

  /// The same problem with the command that it is about, once that is known.
  private func refined(_ problem: UsageError, word: String?) -> UsageError {
    UsageError(problem.message, command: commands.first { $0.name == word })
  }

  private func check(_ operands: [String], of command: Command) throws(UsageError) {
    if operands.count < command.operands.count, !command.operands[operands.count].isOptional {
      let missing = command.operands[operands.count]
      throw UsageError("missing operand <\(missing.name)>: \(missing.help)", command: command)
    }
    if operands.count > command.operands.count {
      throw UsageError("unexpected operand \"\(operands[command.operands.count])\"", command: command)
    }
  }
}
