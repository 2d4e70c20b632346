import Protocol

/// The secret of one login that proves to the token endpoint who began it (RFC 7636), always with method `S256`.
package struct CodeVerifier: Sendable, Equatable {
  /// 43 characters of base64url: 32 random bytes.
  package let text: String

  /// A new one.
  package init() { text = RandomText.base64URL(bytes: 32) }

  /// One that was stored while the login was pending.
  package init(stored text: String) { self.text = text }

  /// `code_challenge`: base64url of the verifier's SHA-256 (RFC 7636 section 4.2).
  package func challenge() throws(CryptoFailure) -> String {
    Base64.encodeForURL(try SHA256.digest(of: Array(text.utf8)))
  }
}
