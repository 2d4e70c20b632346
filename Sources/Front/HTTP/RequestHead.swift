/// The parts of a request's head that decide whether and how the request is let in. A value, so that the rules can be
/// tested without a socket.
package struct RequestHead: Sendable, Equatable {
  /// How often a header came that may come once.
  package enum Occurrence: Sendable, Equatable {
    case absent
    case once(String)
    case repeated

    /// Takes note of one more header line of this name.
    package mutating func note(_ value: String) {
      self = self == .absent ? .once(value) : .repeated
    }
  }

  package var method: HTTPMethod
  /// Before the first `?`, not percent-decoded.
  package var path: String
  /// After the first `?`, not percent-decoded; nil without one.
  package var query: String?
  package var host = Occurrence.absent
  package var origin = Occurrence.absent
  package var contentType = Occurrence.absent
  package var contentLength = Occurrence.absent
  package var transferEncoding = Occurrence.absent
  package var idempotencyKey = Occurrence.absent
  /// Of the older name with `X-`.
  package var olderIdempotencyKey = Occurrence.absent
  /// `X-Warmplane-Profile`.
  package var profile = Occurrence.absent
  /// The client waits for `100 Continue` before it sends the body.
  package var expectsContinue = false
  /// A header whose name is no token, or whose value has a character that may end a line: others may read
  /// `Content-Length : 5` as a length, the library does not.
  package var hasMalformedHeader = false

  /// Of a target in absolute form, as proxies are asked (RFC 9112 §3.2.2); `Host` must allow it, too.
  package private(set) var authority: String?
  /// The target is not UTF-8; `path` is empty then.
  package private(set) var hasUnreadableTarget = false

  /// Splits `target` (RFC 9112 §3.2) before anything is decoded. Nil is a target that is not UTF-8.
  package init(method: HTTPMethod, target: String?) {
    self.method = method
    guard let target else {
      path = ""
      hasUnreadableTarget = true
      return
    }
    let origin: String
    (authority, origin) = Self.split(target)
    let utf8 = origin.utf8
    if let mark = utf8.firstIndex(of: 0x3F) {
      path = String(origin[..<mark])
      query = String(origin[utf8.index(after: mark)...])
    } else {
      path = origin
    }
  }

  /// Takes scheme and authority off an absolute form.
  private static func split(_ target: String) -> (authority: String?, origin: String) {
    let scheme = "http://"
    guard target.utf8.first != UInt8(ascii: "/"), target.utf8.count > scheme.utf8.count,
      target.prefix(scheme.count).lowercased() == scheme
    else { return (nil, target) }
    let rest = target.dropFirst(scheme.count)
    let end = rest.utf8.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
    let origin = rest[end...]
    return (String(rest[..<end]), origin.utf8.first == UInt8(ascii: "/") ? String(origin) : "/\(origin)")
  }

  /// Whether the end of the request is uncertain (RFC 9112 §6.3): repeated, mixed or unreadable lengths, or a transfer
  /// coding other than `chunked`. What follows on the connection must not be read as a request then.
  package var hasBrokenFraming: Bool {
    if hasMalformedHeader { return true }
    switch (contentLength, transferEncoding) {
    case (.repeated, _), (_, .repeated), (.once, .once): return true
    case (_, .once(let coding)): return coding.lowercased() != "chunked"
    case (.once(let length), .absent): return length.isEmpty || !length.utf8.allSatisfy { (0x30...0x39).contains($0) }
    case (.absent, .absent): return false
    }
  }

  /// The body's length as the client announced it; nil without one.
  package var announcedLength: Int? {
    guard case .once(let text) = contentLength else { return nil }
    return Int(text)
  }
}
