package import Protocol

/// What the daemon answered, the same over the control socket and over HTTP.
package struct ServiceAnswer: Sendable {
  /// The HTTP status, also when no HTTP was spoken.
  package let status: Int
  package let body: JSONSlice

  package init(status: Int, body: JSONSlice) {
    self.status = status
    self.body = body
  }

  /// Whether this is a result and not a failure envelope.
  package var isSuccess: Bool { (200..<300).contains(status) && body.member("ok")?.bool != false }
}
