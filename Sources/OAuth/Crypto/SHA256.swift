import CCrypto

/// SHA-256 (FIPS 180-4), computed by libcrypto.
package enum SHA256 {
  /// The 32 bytes of the digest. Fails only when libcrypto is missing.
  package static func digest(of bytes: [UInt8]) throws(CryptoFailure) -> [UInt8] {
    let functions = try CryptoLibrary.shared().functions
    var digest = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    guard functions.EVP_Digest(bytes, bytes.count, &digest, &length, functions.EVP_sha256(), nil) == 1, length == 32
    else { throw .failed("EVP_Digest") }
    return digest
  }
}
