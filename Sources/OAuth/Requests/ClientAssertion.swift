import Protocol

/// `private_key_jwt` (RFC 7523 section 3): a short-lived statement of the client about itself, for one request.
package enum ClientAssertion {
  /// `client_assertion_type`.
  package static let type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
  /// Seconds from issue to expiry; enough for a clock that is wrong by a minute or two.
  static let lifetime: Int64 = 300

  /// `audience` is the issuer of the authorization server (MCP extension oauth-client-credentials). `now`: seconds since
  /// 1970.
  package static func make(
    clientID: String, audience: String, key: SigningKey, algorithm: JWSAlgorithm, now: Int64
  ) throws(CryptoFailure) -> String {
    var header = JSONWriter()
    header.beginObject()
    header.member("alg", algorithm.rawValue)
    header.member("typ", "JWT")
    header.endObject()
    var claims = JSONWriter()
    claims.beginObject()
    claims.member("iss", clientID)
    claims.member("sub", clientID)
    claims.member("aud", audience)
    claims.member("iat", now)
    claims.member("exp", now + lifetime)
    claims.member("jti", RandomText.base64URL(bytes: 16))
    claims.endObject()
    return try JWS.compact(header: header.finish(), payload: claims.finish(), key: key, algorithm)
  }
}
