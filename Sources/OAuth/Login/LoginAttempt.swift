package import Protocol

/// A login that is ready to begin: the URL to open, and what must be kept until the browser comes back.
package struct LoginAttempt: Sendable, Equatable {
  package let authorizationURL: HTTPURL
  package let state: String
  /// Never printed.
  package let verifier: CodeVerifier
  package let client: StoredClient
  package let pending: PendingLogin
  /// What the callback is checked against.
  package let expectation: AuthorizationResponse.Expectation

  /// Writes all of it into the entry; a login that was pending before is forgotten.
  package func save(in entry: inout StoreEntry) {
    var pending = pending
    if entry.tokens?.refreshToken != nil, let other = entry.clientInfo, other.clientID != client.clientID {
      // It is the other client's until this login has brought new tokens.
      pending.client = client
    } else {
      entry.clientInfo = client
    }
    entry.codeVerifier = verifier.text
    entry.oauthState = state
    entry.pendingLogin = pending
  }
}
