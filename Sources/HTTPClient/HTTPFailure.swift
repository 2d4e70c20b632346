/// Why an exchange has no complete answer.
package struct HTTPFailure: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Reason: String, Sendable, CaseIterable {
    /// libcurl is not installed, or too old.
    case libraryMissing
    /// The request has something that HTTP does not allow, such as a line break in a header field.
    case invalidRequest
    case resolve
    case connect
    /// Certificate, host name or handshake.
    case tls
    /// The address rule forbids where the name leads.
    case forbiddenAddress
    /// A redirect that is not followed: to another origin, too many, or none allowed.
    case redirect
    case connectTimeout
    case firstByteTimeout
    case idleTimeout
    case totalTimeout
    /// The body, or what it decompresses to, is over the limit.
    case tooLarge
    /// The connection broke, or what came is no HTTP.
    case broken
    case cancelled
    /// The client has as many exchanges as it takes.
    case busy
  }

  package let reason: Reason
  /// One sentence without secrets and without a query string, to be put behind the server's name: "cannot be reached:
  /// …".
  package let detail: String
  /// Whether a byte of the request may have reached the peer.
  package let wasSent: Bool

  package init(_ reason: Reason, _ detail: String, wasSent: Bool) {
    self.reason = reason
    self.detail = detail
    self.wasSent = wasSent
  }

  package var description: String { detail }
}
