/// `authStatus`: whether the stored credentials of a server can be used.
package enum AuthenticationStatus: String, Sendable, CaseIterable {
  case notAuthenticated = "not_authenticated"
  case expired
  case authenticated

  /// Of an entry for a server at `serverURL` (expanded) at `now` (seconds since 1970); the first that applies.
  package init(of entry: StoreEntry?, serverURL: String, now: Int64) {
    guard let entry, entry.isFor(serverURL), let tokens = entry.tokens, !tokens.accessToken.isBlankText else {
      self = .notAuthenticated
      return
    }
    self = tokens.expiresAt.map { $0 <= now } ?? false ? .expired : .authenticated
  }
}
