/// Writes Protocol Buffers (proto3), as far as OTLP needs them. Fields are written in the order of the calls. Zeros and
/// empty texts are left out, because a missing field means the same; not so inside of a `oneof`, where it would mean that
/// there is no value.
struct ProtobufWriter {
  private enum WireType: UInt64 {
    case varint = 0
    case fixed64 = 1
    case lengthDelimited = 2
    case fixed32 = 5
  }

  private(set) var bytes: [UInt8] = []

  init(reserving capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  mutating func varint(_ field: Int, _ value: UInt64, inOneof: Bool = false) {
    guard value != 0 || inOneof else { return }
    tag(field, .varint)
    append(varint: value)
  }

  mutating func fixed32(_ field: Int, _ value: UInt32) {
    guard value != 0 else { return }
    tag(field, .fixed32)
    append(littleEndian: UInt64(value), count: 4)
  }

  mutating func fixed64(_ field: Int, _ value: UInt64) {
    guard value != 0 else { return }
    tag(field, .fixed64)
    append(littleEndian: value, count: 8)
  }

  mutating func string(_ field: Int, _ text: String, inOneof: Bool = false) {
    guard !text.isEmpty || inOneof else { return }
    tag(field, .lengthDelimited)
    append(varint: UInt64(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  /// A `bytes` field of 64-bit words, the most significant byte first.
  mutating func bigEndian(_ field: Int, _ words: UInt64...) {
    tag(field, .lengthDelimited)
    append(varint: UInt64(8 * words.count))
    for word in words {
      for shift in stride(from: 56, through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
      }
    }
  }

  /// A message that `write` fills; it is there even if it stays empty.
  mutating func message(_ field: Int, _ write: (inout ProtobufWriter) -> Void) {
    tag(field, .lengthDelimited)
    let start = bytes.count
    write(&self)
    // The length stands before what it counts; it is one byte more often than not.
    var length = ProtobufWriter()
    length.append(varint: UInt64(bytes.count - start))
    bytes.insert(contentsOf: length.bytes, at: start)
  }

  /// The beginning of a message of `length` bytes, which the caller appends.
  mutating func messageHeader(_ field: Int, length: Int) {
    tag(field, .lengthDelimited)
    append(varint: UInt64(length))
  }

  mutating func append(encoded: [UInt8]) { bytes.append(contentsOf: encoded) }

  private mutating func tag(_ field: Int, _ type: WireType) { append(varint: UInt64(field) << 3 | type.rawValue) }

  private mutating func append(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private mutating func append(littleEndian value: UInt64, count: Int) {
    for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
  }
}
