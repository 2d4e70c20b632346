import HTTPClient
import Protocol

/// Reads typed values from environment variables and notes what it cannot use, by name and without the value. Of several
/// names the first that is set counts.
struct VariableReader {
  private let lookup: (String) -> String?
  var warnings: [String] = []

  init(_ lookup: @escaping (String) -> String?) { self.lookup = lookup }

  func first(_ names: String...) -> (name: String, value: String)? { first(names) }

  private func first(_ names: [String]) -> (name: String, value: String)? {
    for name in names {
      if let value = lookup(name).map(Self.trimmed), !value.isEmpty { return (name, value) }
    }
    return nil
  }

  /// `1`, `true` and `yes` in any case.
  mutating func isOn(_ name: String) -> Bool {
    guard let value = first(name)?.value.lowercased() else { return false }
    if ["1", "true", "yes"].contains(value) { return true }
    if !["0", "false", "no", "off"].contains(value) {
      warnings.append("\(name) is none of 1, true and yes; no traces are exported")
    }
    return false
  }

  /// A decimal number, moved into `range`.
  mutating func number(_ names: String..., in range: ClosedRange<Int>) -> Int? {
    guard let (name, text) = first(names) else { return nil }
    guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      warnings.append("\(name) is not a whole number; the default is used")
      return nil
    }
    // Digits only, so what does not fit is too large.
    let number = Int(text) ?? .max
    if !range.contains(number) { warnings.append("\(name) is not within \(range.lowerBound) and \(range.upperBound)") }
    return min(max(number, range.lowerBound), range.upperBound)
  }

  /// Header fields as in W3C Baggage: `name=value,name=value`, values percent-encoded. Pairs that cannot be sent are left
  /// out.
  mutating func fields(_ names: String...) -> [HTTPField] {
    guard let (name, text) = first(names) else { return [] }
    var fields: [HTTPField] = []
    var badCount = 0
    for pair in text.split(separator: ",") where !Self.trimmed(String(pair)).isEmpty {
      if let field = Self.field(pair) { fields.append(field) } else { badCount += 1 }
    }
    if badCount > 0 {
      warnings.append("\(name) has \(badCount) \(badCount == 1 ? "pair that is" : "pairs that are") no usable header")
    }
    return fields
  }

  private static func field(_ pair: Substring) -> HTTPField? {
    guard let equals = pair.firstIndex(of: "=") else { return nil }
    let name = trimmed(String(pair[..<equals])).lowercased()
    let text = trimmed(String(pair[pair.index(after: equals)...]))
    guard !name.isEmpty, name.utf8.allSatisfy(isNameByte), !reserved.contains(name), !name.hasPrefix("grpc-"),
      let value = PercentEncoding.decode(text, isLenient: false),
      value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f })
    else { return nil }
    return HTTPField(name, value)
  }

  /// gRPC allows these in names of metadata.
  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
      UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  /// What the request says by itself.
  private static let reserved: Set<String> = [
    "accept-encoding", "connection", "content-length", "content-type", "expect", "host", "keep-alive",
    "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "user-agent",
  ]

  private static func trimmed(_ text: String) -> String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    return String(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
  }
}
