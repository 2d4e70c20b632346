import Protocol
import Testing

@Suite struct Base64Tests {
  /// The vectors of RFC 4648 section 10, and the two characters that base64url has otherwise.
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"),
  ])
  func vectors(_ text: String, _ encoded: String) {
    #expect(Base64.encode(Array(text.utf8)) == encoded)
  }

  @Test func highBytes() {
    #expect(Base64.encode([0xfb, 0xff, 0xbf] as [UInt8]) == "+/+/")
  }
}
