/// A key for tokens that are bound to it (RFC 9449), with the text that the store keeps.
struct BoundKey {
  let key: SigningKey
  let pem: String

  /// A new key, if the resource wants bound tokens.
  static func make(_ record: DiscoveryRecord) throws(TokenFailure) -> BoundKey? {
    guard record.dpopBoundAccessTokensRequired == true else { return nil }
    do throws(CryptoFailure) {
      let key = try SigningKey.generate()
      return BoundKey(key: key, pem: try key.pem())
    } catch {
      throw TokenFailure(.transient, "a key for DPoP cannot be made: \(error)")
    }
  }
}
