/// What the credential store has under one key. A value: reading and writing are `CredentialStore`'s.
package struct StoreEntry: Sendable, Equatable {
  package var tokens: StoredTokens?
  package var clientInfo: StoredClient?
  /// The PKCE verifier of a login that is pending. Never printed.
  package var codeVerifier: String?
  /// The `state` of a login that is pending.
  package var oauthState: String?
  /// What else the pending authorization request said; nil when the state was written by another program.
  package var pendingLogin: PendingLogin?
  /// The server's expanded `url` that all of this is for.
  package var serverURL: String?
  package var discovery: DiscoveryRecord?
  /// Space separated: what the server asked for in a 403 `insufficient_scope`. The next login asks for it too, and removes
  /// it when it succeeds.
  package var challengedScope: String?
  /// How often more scope was asked for than before. nil: not once, or not since a login that asked for nothing more.
  package var stepUps: StepUps?
  /// The access token was obtained because the server had refused the one before it, and has not been accepted yet.
  package var unproven: UnprovenToken?

  package init() {}

  /// What goes on with `old` for the server at `url`; nothing of it when it was for another server.
  package init(continuing old: StoreEntry?, for url: String) {
    self = old.flatMap { $0.isFor(url) ? $0 : nil } ?? StoreEntry()
    serverURL = url
  }

  /// Whether the entry is for the server at `url`: an entry that names none is for every one.
  package func isFor(_ url: String) -> Bool { serverURL.map { $0 == url } ?? true }

  /// Takes over what was discovered about the server at `url`. What was obtained for another server, or from another
  /// authorization server, must not be used with the new one (RFC 9207, RFC 8707): tokens of another server go
  /// altogether; client and refresh token of another authorization server go; an access token may still be good.
  package mutating func adopt(_ record: DiscoveryRecord, for url: String) {
    self = StoreEntry(continuing: self, for: url)
    if let discovery, !discovery.isSameServer(as: record) {
      clientInfo = nil
      tokens?.refreshToken = nil
      forgetPendingLogin()
    }
    discovery = record
  }

  /// The login of `state` has brought tokens, issued to `client`. What the server missed was asked for with it, and is
  /// granted or refused; another login that may have begun meanwhile stays pending. `scope`: the configured one.
  package mutating func finishLogin(
    _ tokens: StoredTokens, as client: StoredClient, state: String, configured scope: String?
  ) {
    self.tokens = tokens
    clientInfo = client
    stepUps = challengedScope == nil ? nil : StepUps(after: stepUps, configured: scope)
    challengedScope = nil
    unproven = nil
    if oauthState == state { forgetPendingLogin() }
  }

  /// A login ended, or began anew.
  package mutating func forgetPendingLogin() {
    codeVerifier = nil
    oauthState = nil
    pendingLogin = nil
  }
}

extension String {
  /// Whether there is nothing but ASCII whitespace.
  package var isBlankText: Bool { utf8.allSatisfy { $0 == 0x20 || ($0 >= 0x09 && $0 <= 0x0D) } }
}
