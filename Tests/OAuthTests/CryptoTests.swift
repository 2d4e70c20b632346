import OAuth
import Testing

/// Digest and the values of a login.
struct CryptoTests {
  /// FIPS 180-4's example, and the empty text.
  @Test func digests() throws {
    let hex = { (bytes: [UInt8]) in bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
    #expect(
      try hex(SHA256.digest(of: Array("abc".utf8)))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      try hex(SHA256.digest(of: [])) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  /// RFC 7636 appendix B.
  @Test func challengeOfAppendixB() throws {
    let verifier = CodeVerifier(stored: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    #expect(try verifier.challenge() == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
  }

  @Test func newValues() {
    let verifier = CodeVerifier()
    #expect(verifier.text.utf8.count == 43)
    #expect(verifier != CodeVerifier())
    #expect(RandomText.state().utf8.count == 32)
    #expect(RandomText.state() != RandomText.state())
  }

  @Test func comparing() {
    #expect("abc".isEqualInConstantTime(to: "abc"))
    #expect(!"abc".isEqualInConstantTime(to: "abd"))
    #expect(!"abc".isEqualInConstantTime(to: "ab"))
    #expect("".isEqualInConstantTime(to: ""))
  }
}
