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
    #expect(Base64.decode(encoded) == Array(text.utf8))
    let bare = encoded.filter { $0 != "=" }
    #expect(Base64.decode(bare) == Array(text.utf8), "without padding")
    #expect(Base64.encodeForURL(Array(text.utf8)) == bare)
  }

  @Test func highBytes() {
    #expect(Base64.encode([0xfb, 0xff, 0xbf] as [UInt8]) == "+/+/")
    #expect(Base64.decode("+/+/") == [0xfb, 0xff, 0xbf])
    #expect(Base64.encodeForURL([0xfb, 0xff, 0xbf] as [UInt8]) == "-_-_")
  }

  @Test("what is not Base64 stands for nothing", arguments: ["A", "AAAAA", "A===", "AA A", "-_-_", "=AAA", "AAé="])
  func bad(_ text: String) {
    #expect(Base64.decode(text) == nil)
  }
}
