/// A flag of one or several commands.
struct Flag: Sendable {
  /// What follows the flag.
  enum Value: Sendable {
    case none
    /// Any text; the name stands for it in help texts.
    case text(String)
    /// A TCP port.
    case port
    case choice(String, [String])
  }

  /// Without the dashes.
  let name: String
  let short: Character?
  let value: Value
  let help: String

  init(_ name: String, short: Character? = nil, value: Value = .none, help: String) {
    self.name = name
    self.short = short
    self.value = value
    self.help = help
  }

  /// The name of the value in help texts; nil for a switch.
  var placeholder: String? {
    switch value {
    case .none: nil
    case .text(let name), .choice(let name, _): "<\(name)>"
    case .port: "<PORT>"
    }
  }

  /// Why `text` cannot be the value, or nil.
  func objection(to text: String) -> String? {
    switch value {
    case .none, .text:
      return nil
    case .port:
      // Not `UInt16(text)` alone: that takes "+80" as well.
      if text.utf8.allSatisfy({ $0 &- 0x30 < 10 }), UInt16(text) != nil { return nil }
      return "expected a port from 0 to 65535"
    case .choice(_, let choices):
      if choices.contains(text) { return nil }
      let suggestion = NearestName.find(text, among: choices).map { "; did you mean \"\($0)\"?" } ?? ""
      return "expected \(choices.dropLast().joined(separator: ", ")) or \(choices.last ?? "")\(suggestion)"
    }
  }
}
