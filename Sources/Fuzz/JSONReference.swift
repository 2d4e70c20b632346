/// JSON read in the slow and obvious way, to compare the fast way with.
indirect enum JSONReference: Equatable {
  case object([Member])
  case array([JSONReference])
  /// The decoded text as UTF-8, lone surrogates as U+FFFD.
  case string([UInt8])
  /// As written.
  case number(String)
  case bool(Bool)
  case null

  struct Member: Equatable {
    var name: [UInt8]
    var value: JSONReference
  }

  /// Nil if the text is not JSON or nested too deeply.
  init?(_ bytes: [UInt8], maxDepth: Int) {
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    var parser = Parser(rest: Array(text.unicodeScalars)[...], maxDepth: maxDepth)
    guard let value = parser.value(depth: 0) else { return nil }
    parser.skipWhitespace()
    guard parser.rest.isEmpty else { return nil }
    self = value
  }

  /// The first member of that name.
  subscript(_ name: String) -> JSONReference? { all(name).first }

  /// The values of all members of that name.
  func all(_ name: String) -> [JSONReference] {
    guard case .object(let members) = self else { return [] }
    return members.filter { $0.name == Array(name.utf8) }.map { $0.value }
  }

  /// Whether this is an object with two members of one name.
  var hasRepeatedMember: Bool {
    guard case .object(let members) = self else { return false }
    return Set(members.map { $0.name }).count < members.count
  }
}

extension JSONReference {
  /// Recursive descent, one function per rule of RFC 8259.
  private struct Parser {
    var rest: ArraySlice<Unicode.Scalar>
    let maxDepth: Int

    mutating func skipWhitespace() {
      while let next = rest.first, next == " " || next == "\t" || next == "\n" || next == "\r" { rest.removeFirst() }
    }

    mutating func take(_ text: String) -> Bool {
      guard rest.starts(with: text.unicodeScalars) else { return false }
      rest.removeFirst(text.unicodeScalars.count)
      return true
    }

    mutating func value(depth: Int) -> JSONReference? {
      skipWhitespace()
      if take("null") { return .null }
      if take("true") { return .bool(true) }
      if take("false") { return .bool(false) }
      switch rest.first {
      case "\"": return string().map { .string($0) }
      case "{": return depth < maxDepth ? object(depth: depth + 1) : nil
      case "[": return depth < maxDepth ? array(depth: depth + 1) : nil
      default: return number()
      }
    }

    mutating func object(depth: Int) -> JSONReference? {
      var members: [Member] = []
      guard take("{") else { return nil }
      skipWhitespace()
      if take("}") { return .object([]) }
      while true {
        skipWhitespace()
        guard let name = string() else { return nil }
        skipWhitespace()
        guard take(":"), let value = value(depth: depth) else { return nil }
        members.append(Member(name: name, value: value))
        skipWhitespace()
        if take("}") { return .object(members) }
        guard take(",") else { return nil }
      }
    }

    mutating func array(depth: Int) -> JSONReference? {
      var elements: [JSONReference] = []
      guard take("[") else { return nil }
      skipWhitespace()
      if take("]") { return .array([]) }
      while true {
        guard let element = value(depth: depth) else { return nil }
        elements.append(element)
        skipWhitespace()
        if take("]") { return .array(elements) }
        guard take(",") else { return nil }
      }
    }

    mutating func number() -> JSONReference? {
      var text = ""
      if take("-") { text = "-" }
      let integer = digits()
      guard integer == "0" || (!integer.isEmpty && !integer.hasPrefix("0")) else { return nil }
      text += integer
      if take(".") {
        let fraction = digits()
        guard !fraction.isEmpty else { return nil }
        text += "." + fraction
      }
      for sign in ["e+", "e-", "E+", "E-", "e", "E"] where take(sign) {
        let exponent = digits()
        guard !exponent.isEmpty else { return nil }
        return .number(text + sign + exponent)
      }
      return .number(text)
    }

    mutating func digits() -> String {
      var text = ""
      while let next = rest.first, ("0"..."9").contains(next) {
        text.unicodeScalars.append(next)
        rest.removeFirst()
      }
      return text
    }

    mutating func string() -> [UInt8]? {
      guard take("\"") else { return nil }
      var units: [UInt16] = []
      while let next = rest.popFirst() {
        switch next {
        case "\"":
          return Array(String(decoding: units, as: UTF16.self).utf8)
        case "\\":
          guard let unit = escape() else { return nil }
          units.append(unit)
        case "\u{0}"..<" ":
          return nil
        default:
          units.append(contentsOf: UTF16.encode(next)!)
        }
      }
      return nil
    }

    mutating func escape() -> UInt16? {
      switch rest.popFirst() {
      case "\"": return 0x22
      case "\\": return 0x5C
      case "/": return 0x2F
      case "b": return 0x08
      case "f": return 0x0C
      case "n": return 0x0A
      case "r": return 0x0D
      case "t": return 0x09
      case "u":
        let digits = rest.prefix(4)
        guard digits.count == 4, digits.allSatisfy({ $0.properties.isASCIIHexDigit }) else { return nil }
        rest.removeFirst(4)
        var text = ""
        text.unicodeScalars.append(contentsOf: digits)
        return UInt16(text, radix: 16)
      default: return nil
      }
    }
  }
}
