import Glibc
import Platform

/// Secrets of the command line: the text itself, `-` for standard input, or a variable that another flag names.
struct SecretFlags {
  private let arguments: ParsedArguments
  /// The flag that has standard input.
  private var reader: Flag?

  /// Far above any token.
  private static let longest = 64 * 1024

  init(_ arguments: ParsedArguments) { self.arguments = arguments }

  /// The value of `direct` or of the variable that `variable` names; nil when neither was given.
  mutating func value(_ direct: Flag, _ variable: Flag) throws(CommandFailure) -> String? {
    switch (arguments.value(of: direct), arguments.value(of: variable)) {
    case (nil, nil):
      return nil
    case (_?, _?):
      throw CommandFailure("--\(direct.name) and --\(variable.name) were both given; give one of them")
    case (nil, let name?):
      guard let value = ProcessEnvironment[name], !value.isEmpty else {
        throw CommandFailure("--\(variable.name): the variable \(name.onOneLine) is not set")
      }
      return try checked(value, variable)
    case ("-"?, nil):
      return try checked(try input(for: direct), direct)
    case (let text?, nil):
      Console.error(
        "Warning: --\(direct.name) shows the secret to other users of this machine while the command runs, and the shell "
          + "keeps it; use --\(variable.name) NAME, or --\(direct.name) - and standard input\n")
      return try checked(text, direct)
    }
  }

  /// The value of `flag`, which may be `-` for standard input.
  mutating func value(_ flag: Flag) throws(CommandFailure) -> String? {
    guard let text = arguments.value(of: flag) else { return nil }
    return try checked(text == "-" ? try input(for: flag) : text, flag)
  }

  /// All of standard input without the line break at its end.
  private mutating func input(for flag: Flag) throws(CommandFailure) -> String {
    if let reader {
      throw CommandFailure("--\(reader.name) and --\(flag.name) cannot both read standard input")
    }
    reader = flag
    if isatty(STDIN_FILENO) == 1 {
      Console.error("Waiting for the value of --\(flag.name) on standard input; end it with Ctrl-D on an empty line.\n")
    }
    let bytes: [UInt8]
    do {
      bytes = try FileContents.read(STDIN_FILENO, limit: Self.longest)
    } catch {
      throw CommandFailure("--\(flag.name): cannot read standard input", causes: [error.reason])
    }
    guard bytes.count <= Self.longest, var text = String(validating: bytes, as: UTF8.self) else {
      throw CommandFailure("--\(flag.name): what standard input has is no token")
    }
    if text.hasSuffix("\r\n") || text.hasSuffix("\n") { text.removeLast() }
    return text
  }

  private func checked(_ text: String, _ flag: Flag) throws(CommandFailure) -> String {
    // The text itself is nobody's business.
    guard text.utf8.contains(where: { $0 > 0x20 }) else { throw CommandFailure("--\(flag.name): the value is blank") }
    guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      throw CommandFailure("--\(flag.name): the value contains a line break or another control character")
    }
    return text
  }
}
