import CMicroHTTPD
import Glibc
import Protocol

// Headers stay in the library's memory and become strings only when they are asked for.

/// Collects the headers of one name, or of all names that begin alike.
struct HeaderSearch {
  let name: String
  /// `name` is only the beginning.
  var isPrefix = false
  private(set) var fields: [(name: String, value: String)] = []

  init(name: String, isPrefix: Bool = false) {
    self.name = name
    self.isPrefix = isPrefix
  }

  mutating func run(_ connection: OpaquePointer) {
    // The callback runs within the call only, so the pointer to `self` holds.
    withUnsafeMutablePointer(to: &self) { pointer in
      _ = MHD_get_connection_values_n(
        connection, .HEADER_KIND,
        { context, _, key, keySize, value, valueSize in
          let search = context!.assumingMemoryBound(to: HeaderSearch.self)
          search.pointee.visit(HeaderLine(key, keySize, value, valueSize))
          return .YES
        }, pointer)
    }
  }

  private mutating func visit(_ line: HeaderLine) {
    let count = name.utf8.count
    guard isPrefix ? line.name.count >= count : line.name.count == count,
      name.withCString({ line.begins(with: $0, count) })
    else { return }
    fields.append((String(decoding: line.name, as: UTF8.self), line.text))
  }
}

/// One header as the library has it; valid within the callback only.
private struct HeaderLine {
  let name: UnsafeRawBufferPointer
  let value: UnsafeRawBufferPointer

  init(_ key: UnsafePointer<CChar>?, _ keySize: Int, _ value: UnsafePointer<CChar>?, _ valueSize: Int) {
    name = UnsafeRawBufferPointer(start: key, count: keySize)
    self.value = UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : valueSize)
  }

  /// Compares with `other`, which must be as long as `name`; in any case.
  func isNamed(_ other: UnsafePointer<CChar>) -> Bool { begins(with: other, name.count) }

  /// Compares the first `count` bytes, which the name must have, with those of `other`; in any case.
  func begins(with other: UnsafePointer<CChar>, _ count: Int) -> Bool {
    strncasecmp(name.baseAddress!.assumingMemoryBound(to: CChar.self), other, count) == 0
  }

  /// Whether the name is a token and the value has none of the characters that end a line elsewhere (RFC 9110 §5.1, §5.5).
  var isWellFormed: Bool {
    !name.isEmpty && name.allSatisfy { HeaderText.isTokenByte($0) }
      && !value.contains { $0 == 0 || $0 == 0x0D || $0 == 0x0A }
  }

  /// The value without white space around it (RFC 9110 §5.5).
  var text: String {
    var bytes = value[...]
    while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
    while let first = bytes.first, first == 0x20 || first == 0x09 { bytes.removeFirst() }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension RequestHead {
  /// Reads the headers that decide about the request, in one pass.
  mutating func readHeaders(of connection: OpaquePointer) {
    // The callback runs within the call only, so the pointer to `self` holds.
    withUnsafeMutablePointer(to: &self) { pointer in
      _ = MHD_get_connection_values_n(
        connection, .HEADER_KIND,
        { context, _, key, keySize, value, valueSize in
          context!.assumingMemoryBound(to: RequestHead.self).pointee.visit(HeaderLine(key, keySize, value, valueSize))
          return .YES
        }, pointer)
    }
  }

  private mutating func visit(_ line: HeaderLine) {
    if !line.isWellFormed { hasMalformedHeader = true }
    // Most headers are told apart by their length alone.
    switch line.name.count {
    case 4 where line.isNamed("host"): host.note(line.text)
    case 6 where line.isNamed("origin"): origin.note(line.text)
    case 6 where line.isNamed("expect"): expectsContinue = true
    case 12 where line.isNamed("content-type"): contentType.note(line.text)
    case 14 where line.isNamed("content-length"): contentLength.note(line.text)
    case 15 where line.isNamed("idempotency-key"): idempotencyKey.note(line.text)
    case 17 where line.isNamed("transfer-encoding"): transferEncoding.note(line.text)
    case 17 where line.isNamed("x-idempotency-key"): olderIdempotencyKey.note(line.text)
    case 19 where line.isNamed("x-warmplane-profile"): profile.note(line.text)
    default: break
    }
  }
}
