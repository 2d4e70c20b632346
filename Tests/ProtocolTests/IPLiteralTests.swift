import Glibc
import Protocol
import Testing

struct IPLiteralTests {
  @Test(arguments: [
    ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("1.2.3.4", "1.2.3.4"), ("::", "::"),
    ("::1", "::1"),
    ("1::", "1::"), ("0:0:0:0:0:0:0:0", "::"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1::8", "1::8"),
    ("1:0:0:4:0:0:0:8", "1:0:0:4::8"),
    ("1:0:0:4:5:0:0:8", "1::4:5:0:0:8"), ("0:2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
    ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("FE80::00AB", "fe80::ab"), ("::ffff:1.2.3.4", "::ffff:102:304"),
    ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
  ])
  func reads(_ text: String, _ expected: String) throws {
    let address = try #require(IPLiteral(text))
    #expect(address.description == expected)
    #expect(IPLiteral(address.description) == address)
  }

  @Test(arguments: [
    "", ".", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "01.2.3.4", "1.2.3.256", "1.2.3.1000", "+1.2.3.4",
    "1.2.3.4 ",
    "1.2.3.0x4", ":", ":::", "1:", ":1", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "1:::2",
    "::1:2:3:4:5:6:7:8", "12345::",
    "g::", "::1%eth0", "[::1]", "1.2.3.4::", "::1.2.3", "::1.2.3.4:1", "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:1.2.3.4",
    "::1::", "1:2:3:4:5:6:7:8::",
    "::١", "1.2.3.٤",
  ])
  func refuses(_ text: String) { #expect(IPLiteral(text) == nil) }

  /// Random text of the right bytes: the C library, which is laxer about nothing here, decides.
  @Test func agreesWithTheSystem() {
    var random = SystemRandomNumberGenerator()
    let bytes = Array("0019af:::...".utf8)
    for _ in 0..<20_000 {
      let count = Int.random(in: 1...16, using: &random)
      let text = String(decoding: (0..<count).map { _ in bytes.randomElement(using: &random)! }, as: UTF8.self)
      var four = in_addr()
      var six = in6_addr()
      let expected: [UInt8]? =
        if inet_pton(AF_INET, text, &four) == 1 {
          withUnsafeBytes(of: four) { Array($0) }
        } else if inet_pton(AF_INET6, text, &six) == 1 {
          withUnsafeBytes(of: six) { Array($0) }
        } else {
          nil
        }
      #expect(IPLiteral(text)?.bytes == expected, "\(text)")
    }
  }
}
