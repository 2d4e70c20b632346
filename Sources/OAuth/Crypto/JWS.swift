import Protocol

/// Signed JSON in its compact form (RFC 7515 section 7.1).
package enum JWS {
  /// `header` and `payload` are JSON texts; the header names `algorithm`.
  package static func compact(
    header: [UInt8], payload: [UInt8], key: SigningKey, _ algorithm: JWSAlgorithm
  ) throws(CryptoFailure) -> String {
    let input = "\(Base64.encodeForURL(header)).\(Base64.encodeForURL(payload))"
    return "\(input).\(Base64.encodeForURL(try key.sign(Array(input.utf8), algorithm)))"
  }
}
