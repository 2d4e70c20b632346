import Testing

@testable import Exporter

@Suite struct ProtobufTests {
  @Test("numbers, texts and messages have the bytes of the specification")
  func written() {
    var writer = ProtobufWriter()
    writer.varint(1, 150)
    writer.string(2, "testing")
    writer.message(3) { $0.varint(1, 150) }
    #expect(writer.bytes == [0x08, 0x96, 0x01, 0x12, 0x07] + Array("testing".utf8) + [0x1a, 0x03, 0x08, 0x96, 0x01])
    writer = ProtobufWriter()
    writer.fixed64(7, 0x0102_0304_0506_0708)
    writer.fixed32(16, 0x0102_0304)
    #expect(writer.bytes == [0x39, 8, 7, 6, 5, 4, 3, 2, 1, 0x85, 0x01, 4, 3, 2, 1])
    writer = ProtobufWriter()
    writer.bigEndian(1, 0x0102_0304_0506_0708, 9)
    #expect(writer.bytes == [0x0a, 16, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 9])
  }

  @Test("what means the same when it is missing is missing, but not inside a oneof")
  func defaults() {
    var writer = ProtobufWriter()
    writer.varint(1, 0)
    writer.string(2, "")
    writer.fixed32(3, 0)
    writer.fixed64(4, 0)
    #expect(writer.bytes.isEmpty)
    writer.varint(1, 0, inOneof: true)
    writer.string(2, "", inOneof: true)
    writer.message(3) { _ in }
    #expect(writer.bytes == [0x08, 0, 0x12, 0, 0x1a, 0])
  }

  @Test("what is written is read, at the edges of every length", arguments: [0, 1, 127, 128, 16_383, 16_384, 70_000])
  func roundTrip(_ length: Int) throws {
    var writer = ProtobufWriter()
    writer.message(1) {
      $0.string(536_870_911, String(repeating: "a", count: length), inOneof: true)
      $0.varint(2, .max)
    }
    var outer = ProtobufReader(writer.bytes[...])
    let first = try #require(try outer.next())
    guard case .bytes(let bytes) = first.value else { Issue.record("no message"); return }
    #expect(try outer.next() == nil)
    var inner = ProtobufReader(bytes)
    let text = try #require(try inner.next())
    #expect(text.field == 536_870_911)
    #expect(text.value == .bytes([UInt8](repeating: UInt8(ascii: "a"), count: length)[...]))
    let number = try #require(try inner.next())
    #expect(number.field == 2 && number.value == .varint(.max))
    #expect(try inner.next() == nil)
  }

  @Test(
    "what is no message is an error",
    arguments: [
      [0x08], [0x08, 0x80], [0x0a, 0x01], [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], [0x39, 1, 2],
      [0x0d, 1], [0x00, 0x00], [0x0b], [0x0c], [0x0e], [0x80], [0x08] + [UInt8](repeating: 0xff, count: 10),
      [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02],
      [0xf8, 0xff, 0xff, 0xff, 0xff, 0x01, 0],
    ] as [[UInt8]])
  func malformed(_ bytes: [UInt8]) {
    #expect(throws: ProtobufReader.Malformed.self) {
      var reader = ProtobufReader(bytes[...])
      while try reader.next() != nil {}
    }
  }

  @Test("the answer of a collector")
  func response() throws {
    #expect(try TraceResponse([]).rejectedSpans == 0)
    // Made by the official library: rejected_spans 3, error_message "too old".
    let partial = try TraceResponse([0x0a, 0x0b, 0x08, 0x03, 0x12, 0x07] + Array("too old".utf8)[...])
    #expect(partial.rejectedSpans == 3 && partial.message == "too old")
    // -5, and fields that nobody knows.
    let odd = try TraceResponse([0x0a, 0x0b, 0x08, 0xfb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x28, 1])
    #expect(odd.rejectedSpans == 0 && odd.message.isEmpty)
    #expect(throws: ProtobufReader.Malformed.self) { try TraceResponse([0x0a, 2, 0x08, 0x80]) }
  }
}
