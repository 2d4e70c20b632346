/// The first line of an HTTP/1.1 request to the callback's address (RFC 9112 section 3); the rest of the head means
/// nothing to it. Pure.
package struct CallbackRequest: Sendable, Equatable {
  package let method: String
  package let path: String
  /// Without the question mark; empty when there is none.
  package let query: String

  package init(method: String, path: String, query: String) {
    self.method = method
    self.path = path
    self.query = query
  }

  package enum Reading: Sendable, Equatable {
    /// The head has not ended yet.
    case incomplete
    case request(CallbackRequest)
    /// No HTTP, or more than a browser sends.
    case invalid
  }

  /// Longest head, in bytes. Codes are short; a browser's cookies for this host may not be.
  package static let longestHead = 32 * 1024

  /// Reads what has arrived so far.
  package static func read(_ bytes: [UInt8]) -> Reading {
    guard let end = endOfHead(bytes) else { return bytes.count > longestHead ? .invalid : .incomplete }
    guard end <= longestHead else { return .invalid }
    let line = bytes[..<(bytes.firstIndex(of: 0x0A) ?? end)]
    let parts = (line.last == 0x0D ? line.dropLast() : line).split(separator: 0x20, omittingEmptySubsequences: false)
    guard parts.count == 3, parts.allSatisfy({ part in part.allSatisfy { $0 > 0x20 && $0 < 0x7F } }),
      parts[2] == Array("HTTP/1.1".utf8)[...] || parts[2] == Array("HTTP/1.0".utf8)[...],
      parts[1].first == UInt8(ascii: "/")
    else { return .invalid }
    let path = parts[1].prefix { $0 != UInt8(ascii: "?") }
    return .request(
      CallbackRequest(
        method: String(decoding: parts[0], as: UTF8.self), path: String(decoding: path, as: UTF8.self),
        query: String(decoding: parts[1].dropFirst(path.count + 1), as: UTF8.self)))
  }

  /// Behind the empty line. A line may end with LF alone (RFC 9112 section 2.2).
  private static func endOfHead(_ bytes: [UInt8]) -> Int? {
    var lineLength = 0
    for (index, byte) in bytes.enumerated() {
      switch byte {
      case 0x0A:
        if lineLength == 0, index > 1 { return index + 1 }
        lineLength = 0
      case 0x0D: continue
      default: lineLength += 1
      }
    }
    return nil
  }
}
