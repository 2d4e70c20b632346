/// Reads the challenges of one field value. One walk from left to right; every step goes forward.
struct ChallengeParser {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Parameters at the beginning belong to the last of `challenges`, as if the fields were one list.
  mutating func parse(into challenges: inout [AuthenticationChallenge]) {
    while true {
      skip { Self.isSpace($0) || $0 == UInt8(ascii: ",") }
      guard position < bytes.count else { return }
      let name = take(Self.isTokenByte)
      guard !name.isEmpty else {
        skipElement()
        continue
      }
      if let value = parameterValue() {
        append(name, value, to: &challenges)
        continue
      }
      guard position == bytes.count || Self.endsWord(bytes[position]) else {
        skipElement()
        continue
      }
      var challenge = AuthenticationChallenge(scheme: text(name))
      skip(Self.isSpace)
      challenge.token68 = token68()
      guard challenges.count < AuthenticationChallenge.most else { return }
      challenges.append(challenge)
    }
  }

  /// What follows a name when the name is a parameter's: the equals sign, and the value behind it.
  private mutating func parameterValue() -> String? {
    let start = position
    skip(Self.isSpace)
    guard position < bytes.count, bytes[position] == UInt8(ascii: "=") else {
      position = start
      return nil
    }
    position += 1
    skip(Self.isSpace)
    if position < bytes.count, bytes[position] == UInt8(ascii: "\"") { return quotedString() }
    return text(take { !Self.isSpace($0) && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "\"") })
  }

  /// Stands on the opening quote. A missing closing one ends with the field.
  private mutating func quotedString() -> String {
    position += 1
    var value: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "\"") { break }
      if byte == UInt8(ascii: "\\"), position < bytes.count {
        value.append(bytes[position])
        position += 1
      } else {
        value.append(byte)
      }
    }
    return String(decoding: value, as: UTF8.self)
  }

  /// Credentials in one piece: only if they are the whole rest of the element (RFC 9110 section 11.2).
  private mutating func token68() -> String? {
    let start = position
    let word = take(Self.isToken68Byte)
    skip { $0 == UInt8(ascii: "=") }
    let end = position
    skip(Self.isSpace)
    guard !word.isEmpty, position == bytes.count || bytes[position] == UInt8(ascii: ",") else {
      position = start
      return nil
    }
    position = end
    return text(bytes[start..<end])
  }

  private func append(_ name: ArraySlice<UInt8>, _ value: String, to challenges: inout [AuthenticationChallenge]) {
    guard let last = challenges.indices.last, challenges[last].token68 == nil,
      challenges[last].parameters.count < AuthenticationChallenge.most
    else { return }
    challenges[last].parameters.append(.init(text(name).lowercased(), value))
  }

  // MARK: Bytes

  private mutating func skip(_ condition: (UInt8) -> Bool) {
    while position < bytes.count, condition(bytes[position]) { position += 1 }
  }

  /// Goes to the next comma that is not inside quotes.
  private mutating func skipElement() {
    while position < bytes.count, bytes[position] != UInt8(ascii: ",") {
      if bytes[position] == UInt8(ascii: "\"") { _ = quotedString() } else { position += 1 }
    }
  }

  private mutating func take(_ condition: (UInt8) -> Bool) -> ArraySlice<UInt8> {
    let start = position
    skip(condition)
    return bytes[start..<position]
  }

  private func text(_ slice: ArraySlice<UInt8>) -> String { String(decoding: slice, as: UTF8.self) }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  private static func endsWord(_ byte: UInt8) -> Bool { isSpace(byte) || byte == UInt8(ascii: ",") }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: false
    }
  }

  /// RFC 9110 section 5.6.2.
  private static func isTokenByte(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
  }

  private static func isToken68Byte(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || "-._~+/".utf8.contains(byte) }
}
