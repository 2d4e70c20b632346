/// `pendingLogin` of a store entry: what an authorization request said, so that the code is exchanged with the same
/// values although the configuration may have changed since. Lives and dies with `oauthState`.
package struct PendingLogin: Sendable, Equatable {
  package var redirectURI: String
  /// Space separated: what was asked for; nil when the request named none.
  package var scope: String?
  /// Seconds since 1970.
  package var startedAt: Int64
  /// The client that was registered for this login while the stored tokens are still those of another one: it becomes
  /// the entry's `clientInfo` with the tokens of this login. nil: `clientInfo` is it.
  package var client: StoredClient?

  package init(redirectURI: String, scope: String?, startedAt: Int64) {
    self.redirectURI = redirectURI
    self.scope = scope
    self.startedAt = startedAt
  }
}
