import Protocol
import Testing

@testable import OAuth

/// Keys and signatures. What a key of ours signs is checked by the authorization server of the tests, too.
struct SigningKeyTests {
  /// RFC 8037 appendix A: key, message and signature.
  @Test func ed25519() throws {
    let key = try SigningKey(pem: Array(Self.ed25519.utf8))
    #expect(key.defaultAlgorithm == .edDSA)
    let text = try JWS.compact(
      header: Array(#"{"alg":"EdDSA"}"#.utf8), payload: Array("Example of Ed25519 signing".utf8), key: key, .edDSA)
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    #expect(text == "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\(signature)")
  }

  @Test func generatedKey() throws {
    let key = try SigningKey.generate()
    #expect(JWSAlgorithm.allCases.filter(key.supports) == [.es256])
    #expect(try key.sign([1, 2, 3], .es256).count == 64)
    let again = try SigningKey(pem: Array(key.pem().utf8))
    #expect(try again.publicJWK() == key.publicJWK())
    #expect(try again.thumbprint().utf8.count == 43)
    #expect(try SigningKey.generate().publicJWK() != key.publicJWK())
    #expect(throws: CryptoFailure.self) { try key.sign([], .rs256) }
  }

  @Test(arguments: ["", "no PEM", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
  func noKey(_ text: String) {
    #expect(throws: CryptoFailure.badKey("it holds no private key in PEM form without a passphrase")) {
      try SigningKey(pem: Array(text.utf8))
    }
  }

  @Test(
    arguments: [
      ([0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x02], [0, 1, 0, 2]),
      ([0x30, 0x08, 0x02, 0x02, 0x00, 0x81, 0x02, 0x02, 0x12, 0x34], [0, 0x81, 0x12, 0x34]),
      ([0x30, 0x07, 0x02, 0x01, 0x01, 0x02, 0x01, 0x02], nil),
      ([0x30, 0x06, 0x02, 0x01, 0x01, 0x03, 0x01, 0x02], nil),
      ([0x30, 0x06, 0x02, 0x05, 0x01, 0x02, 0x01, 0x02], nil),
      ([0x31, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x02], nil),
      ([0x30, 0x08, 0x02, 0x03, 0x01, 0x02, 0x03, 0x02, 0x01, 0x02], nil),
      ([], nil),
    ] as [([UInt8], [UInt8]?)])
  func ecdsaForm(_ der: [UInt8], _ fixed: [UInt8]?) {
    #expect(ECDSASignature.fixedWidth(der: der, width: 2) == fixed)
  }

  private static let ed25519 = """
    -----BEGIN PRIVATE KEY-----
    MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
    -----END PRIVATE KEY-----

    """
}
