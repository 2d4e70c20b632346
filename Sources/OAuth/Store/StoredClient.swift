/// `clientInfo` of a store entry: as which client we are known to the authorization server that the entry's `discovery`
/// names. Whoever stores another authorization server removes it (`StoreEntry.adopt`).
package struct StoredClient: Sendable, Equatable {
  /// Empty when the file has none; a blank one counts as none.
  package var clientID: String
  package var clientSecret: String?
  /// Seconds since 1970.
  package var issuedAt: Int64?
  /// Seconds since 1970; 0, below, or nil: the secret does not expire (RFC 7591 section 3.2.1).
  package var secretExpiresAt: Int64?
  /// How the client was told to authenticate at the token endpoint (RFC 7591 section 2); `tokenEndpointAuthMethod` in the
  /// file. nil: what the metadata and the secret suggest.
  package var tokenEndpointAuthMethod: String?
  /// What it was registered for by us, space separated; empty: no scope; `scope` in the file. nil: not known.
  package var registeredScope: String?
  /// Where it was registered to be sent back to; `redirectUri` in the file. nil: not known.
  package var registeredRedirectURI: String?

  package init(
    clientID: String, clientSecret: String? = nil, issuedAt: Int64? = nil, secretExpiresAt: Int64? = nil
  ) {
    self.clientID = clientID
    self.clientSecret = clientSecret
    self.issuedAt = issuedAt
    self.secretExpiresAt = secretExpiresAt
  }

  /// Whether it names a client whose secret, if it has one, is good at `now` (seconds since 1970).
  package func isUsable(at now: Int64) -> Bool {
    guard !clientID.isBlankText else { return false }
    guard clientSecret != nil, let secretExpiresAt, secretExpiresAt > 0 else { return true }
    return secretExpiresAt > now
  }
}
