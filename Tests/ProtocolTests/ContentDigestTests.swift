import Protocol
import Testing

/// SHA-256 against the examples of FIPS 180-4 and NIST's test vectors.
@Suite struct ContentDigestTests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    (
      String(repeating: "a", count: 20_000),
      "cc17faaad36649c4603dda4d8ff97cb149722af0bcac0746305a2134ad2d0b97"
    ),
  ])
  func vectors(text: String, hex: String) {
    #expect(ContentDigest(of: Array(text.utf8)).hex == hex)
  }

  @Test("however the content is cut, the digest is the same")
  func pieces() {
    var random = SystemRandomNumberGenerator()
    for count in Array(0...130) + [1000, 4096] {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      var builder = ContentDigest.Builder()
      var rest = bytes[...]
      while !rest.isEmpty {
        let piece = rest.prefix(Int.random(in: 1...min(rest.count, 90), using: &random))
        builder.add(Array(piece))
        rest = rest.dropFirst(piece.count)
      }
      #expect(builder.digest == ContentDigest(of: bytes), "\(count) bytes")
    }
  }

  @Test("parts cannot run into each other")
  func parts() {
    func digest(_ parts: [String]) -> ContentDigest {
      var builder = ContentDigest.Builder()
      for part in parts { builder.add(part: Array(part.utf8)) }
      return builder.digest
    }
    #expect(digest(["ab", "c"]) != digest(["a", "bc"]))
    #expect(digest(["ab", ""]) != digest(["", "ab"]))
    #expect(digest(["a", "b"]) == digest(["a", "b"]))
  }

  @Test func text() throws {
    let digest = ContentDigest(of: [1, 2, 3])
    #expect(ContentDigest(hex: digest.hex) == digest)
    for bad in ["", "00", digest.hex.uppercased(), String(digest.hex.dropLast()) + "g", digest.hex + "0"] {
      #expect(ContentDigest(hex: bad) == nil, "\(bad)")
    }
  }
}
