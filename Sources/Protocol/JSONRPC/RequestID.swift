/// The id of a JSON-RPC request, with its JSON type: `1` and `"1"` are different ids.
///
/// MCP allows strings and integers only: null, booleans, fractions and integers beyond 64 bits are refused, and so are
/// strings of more than `longestText` bytes, because ids are kept while a request runs and written into every answer.
package enum RequestID: Sendable {
  case int(Int64)
  case string(String)

  /// Bytes of UTF-8; a frame has room for six times as many, should all of them be escaped.
  package static let longestText = 512

  /// Nil if the value cannot be an id. A string with a lone surrogate is refused too, because it could not be given
  /// back unchanged.
  package init?(_ slice: JSONSlice) {
    switch slice.kind {
    case .number:
      guard let number: Int64 = slice.integer() else { return nil }
      self = .int(number)
    case .string:
      // What is escaped has up to six times as many bytes; nothing longer is decoded at all.
      guard slice.range.count <= 6 * Self.longestText + 2 else { return nil }
      let text = slice.decodedBytes()
      guard !text.isLossy, text.bytes.count <= Self.longestText else { return nil }
      self = .string(String(decoding: text.bytes, as: UTF8.self))
    default:
      return nil
    }
  }

  /// Writes the id as a value of its own type.
  package func write(to writer: inout JSONWriter) {
    switch self {
    case .int(let number): writer.value(number)
    case .string(let text): writer.value(text)
    }
  }
}

// MARK: Hashable

extension RequestID: Hashable {
  /// By bytes: `String` would call canonically equivalent texts equal, and answer one request with another's result.
  package static func == (left: RequestID, right: RequestID) -> Bool {
    switch (left, right) {
    case (.int(let left), .int(let right)): left == right
    case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
    default: false
    }
  }

  package func hash(into hasher: inout Hasher) {
    switch self {
    case .int(let number):
      hasher.combine(number)
    case .string(var text):
      text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
      hasher.combine(0xFF as UInt8)
    }
  }
}

// MARK: CustomStringConvertible

extension RequestID: CustomStringConvertible {
  /// As in JSON, so that the type shows.
  package var description: String {
    var writer = JSONWriter(reserving: 24)
    write(to: &writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}
