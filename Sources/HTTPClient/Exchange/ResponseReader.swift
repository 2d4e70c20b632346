/// Header lines as libcurl hands them over become heads and trailers, bounded in count and bytes. Pure.
///
/// libcurl checks the framing; HTTP/2 arrives in the same form. Lines of all heads of one exchange count together, so
/// that endless interim answers (1xx) meet the bound, too.
struct ResponseReader {
  enum Event: Equatable {
    case more
    /// An interim answer (1xx) is over.
    case interim
    /// The final head is complete.
    case head(status: Int, fields: [HTTPField])
    case tooLarge
    case malformed
  }

  /// Header bytes of one exchange, trailers included; what servers send is mostly below 8 KiB.
  static let mostBytes = 128 * 1024
  static let mostFields = 512

  private(set) var trailers: [HTTPField] = []
  /// What the last status line said.
  private(set) var isHTTP2 = false
  private var status = 0
  private var fields: [HTTPField] = []
  private var isHeadComplete = false
  private var bytes = 0
  private var count = 0

  /// Takes one line with its line break.
  mutating func take(_ line: UnsafeRawBufferPointer) -> Event {
    bytes += line.count
    count += 1
    if bytes > Self.mostBytes || count > Self.mostFields { return .tooLarge }
    let line = Self.trimmed(line)
    if isHeadComplete {
      if line.isEmpty { return .more }
      return add(line, to: &trailers) ? .more : .malformed
    }
    if status == 0 {
      guard let status = Self.status(line) else { return .malformed }
      self.status = status
      isHTTP2 = line.starts(with: "HTTP/2".utf8)
      return .more
    }
    if !line.isEmpty { return add(line, to: &fields) ? .more : .malformed }
    defer {
      status = 0
      fields = []
    }
    if (100..<200).contains(status) { return .interim }
    isHeadComplete = true
    return .head(status: status, fields: fields)
  }

  /// A line that begins with white space continues the one before (RFC 9112 section 5.2).
  private func add(_ line: UnsafeRawBufferPointer, to fields: inout [HTTPField]) -> Bool {
    if line[0] == 0x20 || line[0] == 0x09 {
      guard let last = fields.popLast() else { return false }
      fields.append(HTTPField(last.name, "\(last.value) \(Self.text(line))"))
      return true
    }
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return false }
    let name = UnsafeRawBufferPointer(rebasing: line[..<colon])
    // White space before the colon is an error (RFC 9112 section 5.1).
    guard name.allSatisfy({ HTTPToken.contains($0) }) else { return false }
    let value = Self.text(UnsafeRawBufferPointer(rebasing: line[(colon + 1)...]))
    fields.append(HTTPField(String(decoding: name, as: UTF8.self), value))
    return true
  }

  /// `HTTP/1.1 200 OK`, `HTTP/2 200`.
  private static func status(_ line: UnsafeRawBufferPointer) -> Int? {
    guard line.starts(with: "HTTP/".utf8), let space = line.firstIndex(of: 0x20) else { return nil }
    let digits = line[(space + 1)...].prefix { $0 != 0x20 }
    guard digits.count == 3, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
    let status = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    return status >= 100 ? status : nil
  }

  private static func trimmed(_ line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    var end = line.count
    if end > 0, line[end - 1] == 0x0a { end -= 1 }
    if end > 0, line[end - 1] == 0x0d { end -= 1 }
    return UnsafeRawBufferPointer(rebasing: line[..<end])
  }

  /// Without white space around it; bytes that are no UTF-8 are replaced.
  private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    var start = 0
    var end = bytes.count
    while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
    while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
    return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<end]), as: UTF8.self)
  }
}
