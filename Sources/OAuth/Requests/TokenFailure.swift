package import HTTPClient
package import Protocol

/// Why there is no token. Beside success there are two outcomes, and they are kept apart with care: what is unclear is
/// transient, because taking an outage for a revocation would log people out.
package struct TokenFailure: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Kind: Sendable, Equatable {
    /// May pass by itself: network, 429, 5xx, an answer that is no OAuth.
    case transient
    /// The authorization server does not accept these credentials any more (RFC 6749 section 5.2: `invalid_grant`,
    /// `invalid_client`, `unauthorized_client`).
    case dead
  }

  package let kind: Kind
  /// One sentence: endpoint, status, `error` and `error_description`; nothing else of the answer.
  package let detail: String
  /// The `error` member.
  package let code: String?
  /// Seconds until the server wants to be asked again.
  package let retryAfter: Int?

  package init(_ kind: Kind, _ detail: String, code: String? = nil, retryAfter: Int? = nil) {
    self.kind = kind
    self.detail = detail
    self.code = code
    self.retryAfter = retryAfter
  }

  package var description: String { detail }

  private static let fatal: Set<String> = ["invalid_grant", "invalid_client", "unauthorized_client"]

  /// Of an endpoint that could not be asked.
  package init(_ failure: HTTPFailure, at endpoint: HTTPURL) {
    self.init(.transient, "\(endpoint.shown): \(failure.detail)")
  }

  /// Of an answer that is no success. A 2xx with an `error` member counts as one, because some servers answer so.
  package init(_ head: HTTPResponseHead, body: [UInt8], at endpoint: HTTPURL) {
    let status = head.status
    let object = try? JSONSlice(validating: body, limits: JSONLimits(maxBytes: 1 << 20, maxDepth: 32))
    let code = object?.member("error")?.string?.shown(limit: 80)
    var detail = "\(endpoint.shown) answered \(status)"
    if let code {
      detail += " (\(code))"
      if let text = object?.member("error_description")?.string, !text.isBlankText { detail += ": \(text.shown())" }
    }
    let isRefusal = (200..<300).contains(status) || status == 400 || status == 401 || status == 403
    let isDead = isRefusal && code.map { Self.fatal.contains($0) } ?? false
    let seconds = head.fields.first("retry-after").flatMap { Int($0) }
    self.init(
      isDead ? .dead : .transient, detail, code: code, retryAfter: seconds.map { min(max($0, 0), 3600) })
  }
}
