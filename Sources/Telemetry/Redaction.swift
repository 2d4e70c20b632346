package import Protocol

/// Makes copies of payloads that may be logged: the values of the configured members are replaced, at any depth and also
/// inside JSON that is carried in a `text` member (the text blocks of MCP results), and the copy is short.
///
/// Answers to clients are never redacted.
package struct Redaction: Sendable, Equatable {
  package static let replacement = "<redacted>"
  /// The longest copy, in bytes, including the mark that says it was cut.
  package static let maxBytes = 2048
  private static let cutMark = "…"
  /// A text block is parsed as JSON up to this size. A larger one is searched with `redactedLoosely`, of which only the
  /// beginning can be seen anyway.
  private static let maxParsedText = 1 << 20
  /// JSON in a text in JSON in a text …
  private static let maxTextDepth = 4

  private let names: Set<String>

  /// Names match in any case.
  package init(keys: some Sequence<String>) {
    names = Set(keys.map { $0.lowercased() })
  }

  /// The value as JSON text of at most `maxBytes`, cut between characters.
  package func render(_ value: JSONSlice) -> String {
    var output = Output(limit: Self.maxBytes)
    append(value, to: &output, isText: false, textDepth: 0)
    return output.text(cutMark: Self.cutMark)
  }

  /// Stops early once the output is full, so that a large payload costs no more than a small one.
  private func append(_ value: JSONSlice, to output: inout Output, isText: Bool, textDepth: Int) {
    guard !output.isFull else { return }
    switch value.kind {
    case .object:
      output.append("{")
      var isFirst = true
      for (key, member) in value.members where !output.isFull {
        if !isFirst { output.append(",") }
        isFirst = false
        output.append(key.bytes)
        output.append(":")
        let name = key.string ?? ""
        if isRedacted(name) {
          output.append("\"\(Self.replacement)\"")
        } else {
          append(member, to: &output, isText: name == "text", textDepth: textDepth)
        }
      }
      output.append("}")
    case .array:
      output.append("[")
      var isFirst = true
      for element in value.elements where !output.isFull {
        if !isFirst { output.append(",") }
        isFirst = false
        append(element, to: &output, isText: false, textDepth: textDepth)
      }
      output.append("]")
    case .string where isText && !names.isEmpty:
      var writer = JSONWriter()
      writer.value(redacted(text: value.string ?? "", textDepth: textDepth + 1))
      output.append(writer.finish())
    default:
      output.append(value.bytes)
    }
  }

  private func redacted(text: String, textDepth: Int) -> String {
    let bytes = Array(text.utf8)
    if bytes.count <= Self.maxParsedText, textDepth <= Self.maxTextDepth,
      let value = try? JSONSlice(validating: bytes), value.kind == .object || value.kind == .array
    {
      var output = Output(limit: Self.maxBytes)
      append(value, to: &output, isText: false, textDepth: textDepth)
      return output.text(cutMark: Self.cutMark)
    }
    let start = bytes.prefix(4 * Self.maxBytes)
    return String(decoding: redactedLoosely(Array(start)), as: UTF8.self)
  }

  /// Text that is not one JSON value but may contain some: JSON lines, a sentence around an object, an object that was
  /// cut. Whatever follows a redacted name and a colon is replaced: a string, a bracketed part up to its closing bracket
  /// (or the end), else all up to a delimiter.
  private func redactedLoosely(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var position = 0
    while position < bytes.count {
      guard bytes[position] == UInt8(ascii: "\"") else {
        result.append(bytes[position])
        position += 1
        continue
      }
      let end = Self.endOfString(bytes, from: position)
      var next = Self.skipSpace(bytes, from: end)
      guard next < bytes.count, bytes[next] == UInt8(ascii: ":"), isRedacted(Self.name(bytes[position..<end])) else {
        // Not from `end`: in prose a lone quote would turn names into gaps between strings.
        result.append(bytes[position])
        position += 1
        continue
      }
      result += bytes[position..<end]
      next = Self.skipSpace(bytes, from: next + 1)
      result += ":\"\(Self.replacement)\"".utf8
      position = Self.endOfValue(bytes, from: next)
    }
    return result
  }

  private func isRedacted(_ name: String) -> Bool {
    !names.isEmpty && names.contains(name.lowercased())
  }
}

// MARK: Scanning text that was not validated

extension Redaction {
  /// The position after the closing quote, or the end. `start` is that of the opening quote.
  private static func endOfString(_ bytes: [UInt8], from start: Int) -> Int {
    var position = start + 1
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\\"): position += 2
      case UInt8(ascii: "\""): return position + 1
      default: position += 1
      }
    }
    return bytes.count
  }

  private static func endOfValue(_ bytes: [UInt8], from start: Int) -> Int {
    var position = start
    var depth = 0
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position = endOfString(bytes, from: position)
        if depth == 0 { return position }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth < 0 { return position }
        if depth == 0 { return position + 1 }
      case UInt8(ascii: ","), UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
        if depth == 0 { return position }
      default:
        break
      }
      position += 1
    }
    return position
  }

  private static func skipSpace(_ bytes: [UInt8], from start: Int) -> Int {
    bytes[start...].firstIndex { !" \t\r\n".utf8.contains($0) } ?? bytes.count
  }

  /// The decoded text of a string in quotes, or its raw inside when the escapes are wrong.
  private static func name(_ quoted: ArraySlice<UInt8>) -> String {
    (try? JSONSlice(validating: Array(quoted)))?.string
      ?? String(decoding: quoted.dropFirst().dropLast(), as: UTF8.self)
  }
}

/// Bytes up to a limit.
private struct Output {
  private let limit: Int
  private var bytes: [UInt8] = []

  init(limit: Int) {
    self.limit = limit
  }

  /// More than the limit is there: the rest will not be seen.
  var isFull: Bool { bytes.count > limit }

  mutating func append(_ text: String) { append(text.utf8) }

  mutating func append(_ more: some Collection<UInt8>) {
    guard !isFull else { return }
    bytes += more.prefix(limit + 1 - bytes.count)
  }

  /// At most `limit` bytes, whole characters.
  func text(cutMark: String) -> String {
    guard isFull else { return String(decoding: bytes, as: UTF8.self) }
    var end = limit - cutMark.utf8.count
    while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
    let whole = String(decoding: bytes[..<end], as: UTF8.self)
    // The last character may go on behind the cut; of one that is longer than the limit only scalars can be kept.
    let characters = whole.dropLast()
    return (characters.isEmpty ? whole : String(characters)) + cutMark
  }
}
