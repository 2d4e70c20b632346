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
  /// A header name that ends with white space: others may read `Content-Length : 5` as a length, the library does not.
  package var hasMalformedName = false

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
    let utf8 = target.utf8
    if let mark = utf8.firstIndex(of: 0x3F) {
      path = String(target[..<mark])
      query = String(target[utf8.index(after: mark)...])
    } else {
      path = target
    }
  }

  /// Whether the end of the request is uncertain (RFC 9112 §6.3): repeated or mixed lengths, or a transfer coding other
  /// than `chunked`. What follows on the connection must not be read as a request then.
  package var hasBrokenFraming: Bool {
    if hasMalformedName { return true }
    switch (contentLength, transferEncoding) {
    case (.repeated, _), (_, .repeated), (.once, .once): return true
    case (_, .once(let coding)): return coding.lowercased() != "chunked"
    case (_, .absent): return false
    }
  }

  /// The body's length as the client announced it; nil without one.
  package var announcedLength: Int? {
    guard case .once(let text) = contentLength else { return nil }
    return Int(text)
  }
}
