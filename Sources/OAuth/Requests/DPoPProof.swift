package import Protocol

/// The proof that a request comes from who holds the key of its token (RFC 9449 section 4.2): for one method and URL, once.
package enum DPoPProof {
  /// The algorithm of our keys.
  package static let algorithm = JWSAlgorithm.es256

  /// - Parameters:
  ///   - accessToken: The token that goes with it to a resource; nil at a token endpoint.
  ///   - nonce: What the server gave out last, if it did.
  ///   - now: Seconds since 1970.
  package static func make(
    method: String, url: HTTPURL, accessToken: String?, nonce: String?, key: SigningKey, now: Int64
  ) throws(CryptoFailure) -> String {
    var header = JSONWriter()
    header.beginObject()
    header.member("typ", "dpop+jwt")
    header.member("alg", algorithm.rawValue)
    header.key("jwk")
    header.splice(text: try key.publicJWK())
    header.endObject()
    var claims = JSONWriter()
    claims.beginObject()
    claims.member("jti", RandomText.base64URL(bytes: 16))
    claims.member("htm", method)
    claims.member("htu", String(url.description.prefix { $0 != "?" }))
    claims.member("iat", now)
    if let accessToken { claims.member("ath", Base64.encodeForURL(try SHA256.digest(of: Array(accessToken.utf8)))) }
    if let nonce { claims.member("nonce", nonce) }
    claims.endObject()
    return try JWS.compact(header: header.finish(), payload: claims.finish(), key: key, algorithm)
  }

  /// A nonce as it may stand in a header (RFC 9449 section 8.1), or nil.
  package static func nonce(_ text: String?) -> String? {
    guard let text, !text.isEmpty, text.utf8.count <= 1024, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      return nil
    }
    return text
  }
}
