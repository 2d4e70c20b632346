/// A command line that fits its command.
struct ParsedArguments: Sendable {
  let command: Command
  /// As many as the command has, less optional ones that were not given.
  let operands: [String]
  private let values: [String: String]

  /// `values`: by name of the flag; a switch that is on has an empty value.
  init(command: Command, operands: [String], values: [String: String]) {
    self.command = command
    self.operands = operands
    self.values = values
  }

  /// The value given for a flag.
  func value(of flag: Flag) -> String? { values[flag.name] }

  /// Whether a flag was given.
  func has(_ flag: Flag) -> Bool { values[flag.name] != nil }

  /// The value of a flag that is a port.
  func port(_ flag: Flag) -> UInt16? { values[flag.name].flatMap { UInt16($0) } }

  /// The value of a flag that is a number.
  func number(_ flag: Flag) -> Int64? { values[flag.name].flatMap { Int64($0) } }
}
