/// A key that tokens are bound to (RFC 9449), with the text that the store keeps.
struct BoundKey {
  let key: SigningKey
  let pem: String

  /// A new key, if the resource wants bound tokens.
  static func make(_ record: DiscoveryRecord) throws(TokenFailure) -> BoundKey? {
    guard record.dpopBoundAccessTokensRequired == true else { return nil }
    do throws(CryptoFailure) {
      return try BoundKey(SigningKey.generate())
    } catch {
      throw TokenFailure(.transient, "a key for DPoP cannot be made: \(error)")
    }
  }

  /// For tokens that are obtained anew: the key of those before, else a new one; nil if the resource wants no bound ones.
  static func forTokens(of entry: StoreEntry?, _ record: DiscoveryRecord) throws(TokenFailure) -> BoundKey? {
    guard record.dpopBoundAccessTokensRequired == true else { return nil }
    if let key = try BoundKey(stored: entry?.tokens?.dpopKey) { return key }
    return try make(record)
  }

  private init(_ key: SigningKey) throws(CryptoFailure) {
    self.key = key
    pem = try key.pem()
  }

  /// The key of stored tokens; nil when they are not bound to any.
  init?(stored pem: String?) throws(TokenFailure) {
    guard let pem else { return nil }
    do throws(CryptoFailure) {
      key = try SigningKey(pem: Array(pem.utf8))
    } catch {
      throw TokenFailure(.transient, "the stored key of the tokens cannot be used: \(error)")
    }
    self.pem = pem
  }
}
