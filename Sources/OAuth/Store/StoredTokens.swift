/// `tokens` of a store entry: what an authorization server issued for one server. Secrets: never logged, never printed.
package struct StoredTokens: Sendable, Equatable {
  /// Empty when the file has none; a blank one counts as none.
  package var accessToken: String
  package var refreshToken: String?
  /// Seconds since 1970; nil: does not expire.
  package var expiresAt: Int64?
  /// Space separated: what was granted (RFC 6749 section 3.3).
  package var scope: String?
  /// The private key that the tokens are bound to (RFC 9449), PKCS #8 in PEM form; `dpopKey` in the file. nil: bearer
  /// tokens.
  package var dpopKey: String?

  package init(accessToken: String, refreshToken: String? = nil, expiresAt: Int64? = nil, scope: String? = nil) {
    self.accessToken = accessToken
    self.refreshToken = refreshToken
    self.expiresAt = expiresAt
    self.scope = scope
  }
}
