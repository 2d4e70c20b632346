import Configuration

/// A flag of one or several commands.
struct Flag: Sendable {
  /// What follows the flag.
  enum Value: Sendable {
    case none
    /// Any text; the name stands for it in help texts.
    case text(String)
    /// A whole number that is not negative; the name stands for it in help texts.
    case number(String)
    /// A name for one operation: printable ASCII that fits into a header.
    case key(String)
    /// A TCP port.
    case port
    /// An IPv4 or IPv6 address.
    case address
    case choice(String, [String])
  }

  /// Without the dashes.
  let name: String
  let short: Character?
  let value: Value
  let help: String
  /// Whether each command that has it cannot do without.
  let isRequired: Bool

  init(_ name: String, short: Character? = nil, value: Value = .none, help: String, isRequired: Bool = false) {
    self.name = name
    self.short = short
    self.value = value
    self.help = help
    self.isRequired = isRequired
  }

  /// The name of the value in help texts; nil for a switch.
  var placeholder: String? {
    switch value {
    case .none: nil
    case .text(let name), .number(let name), .key(let name), .choice(let name, _): "<\(name)>"
    case .port: "<PORT>"
    case .address: "<ADDRESS>"
    }
  }

  /// Why `text` cannot be the value, or nil.
  func objection(to text: String) -> String? {
    switch value {
    case .none, .text:
      return nil
    case .number:
      if Self.isDigits(text), Int64(text) != nil { return nil }
      return "expected a whole number"
    case .key:
      let isFit =
        (1...255).contains(text.utf8.count) && text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
        && !text.hasPrefix(" ") && !text.hasSuffix(" ")
      return isFit ? nil : "expected 1 to 255 printable ASCII characters, without spaces at its ends"
    case .port:
      if Self.isDigits(text), UInt16(text) != nil { return nil }
      return "expected a port from 0 to 65535"
    case .address:
      return IPAddress(text) == nil ? "expected an IP address such as 127.0.0.1 or ::1" : nil
    case .choice(_, let choices):
      if choices.contains(text) { return nil }
      let suggestion = NearestName.find(text, among: choices).map { "; did you mean \"\($0)\"?" } ?? ""
      return "expected \(choices.dropLast().joined(separator: ", ")) or \(choices.last ?? "")\(suggestion)"
    }
  }

  /// `UInt16(text)` alone would take "+80" as well.
  private static func isDigits(_ text: String) -> Bool { text.utf8.allSatisfy { $0 &- 0x30 < 10 } }
}
