import Protocol
import Testing

/// Random values written in random ways; what is read must be what was written.
@Suite("JSON, random values")
struct JSONRandomTests {
  private indirect enum Value: Equatable {
    case object([Pair]), array([Value]), string(String), number(String), bool(Bool), null

    struct Pair: Equatable {
      var name: String
      var value: Value
    }
  }

  @Test(arguments: 0..<8)
  func readBack(_ seed: UInt64) throws {
    var random = Generator(state: seed &* 0x9E37_79B9_7F4A_7C15 | 1)
    for _ in 0..<300 {
      let value = self.value(depth: 0, &random)
      var bytes: [UInt8] = []
      write(value, to: &bytes, &random)
      let slice = try JSONSlice(validating: bytes)
      #expect(read(slice) == value)
      #expect(read(try JSONSlice(validating: slice.compacted())) == value)
      let pretty = try JSONSlice(validating: slice.pretty(indent: 3))
      #expect(read(pretty) == value)
      #expect(pretty.compacted() == slice.compacted())
      if case .object(let pairs) = value {
        for pair in pairs {
          let first = try #require(pairs.first { $0.name.utf8.elementsEqual(pair.name.utf8) })
          #expect(slice.member(pair.name).map { read($0) } == first.value)
        }
        #expect((slice.firstRepeatedMember() != nil) == (Set(pairs.map { Array($0.name.utf8) }).count < pairs.count))
      }
    }
  }

  private func read(_ slice: JSONSlice) -> Value {
    switch slice.kind {
    case .object: .object(slice.members.map { Value.Pair(name: $0.key.string ?? "?", value: read($0.value)) })
    case .array: .array(slice.elements.map { read($0) })
    case .string: .string(slice.string ?? "?")
    case .number: .number(String(decoding: slice.bytes, as: UTF8.self))
    case .bool: .bool(slice.bool ?? false)
    case .null: .null
    }
  }

  // MARK: Making and writing values

  private func value(depth: Int, _ random: inout Generator) -> Value {
    switch Int.random(in: 0..<(depth < 6 ? 9 : 5), using: &random) {
    case 0: .null
    case 1: .bool(.random(using: &random))
    case 2: .number("\(Int64.random(in: .min ... .max, using: &random))")
    case 3: .number("\(Int.random(in: -99...99, using: &random)).\(Int.random(in: 0...99, using: &random))e+7")
    case 4: .string(string(&random))
    case 5, 6: .array((0..<Int.random(in: 0..<5, using: &random)).map { _ in value(depth: depth + 1, &random) })
    default:
      .object(
        (0..<Int.random(in: 0..<5, using: &random)).map { _ in
          Value.Pair(name: string(&random), value: value(depth: depth + 1, &random))
        })
    }
  }

  private func string(_ random: inout Generator) -> String {
    let ranges: [ClosedRange<UInt32>] = [
      0...0x7F, 0x61...0x63, 0x20...0x7E, 0x80...0x7FF, 0x800...0xD7FF, 0x10000...0x10FFFF,
    ]
    var text = ""
    for _ in 0..<Int.random(in: 0..<12, using: &random) {
      let range = ranges.randomElement(using: &random)!
      text.unicodeScalars.append(Unicode.Scalar(UInt32.random(in: range, using: &random))!)
    }
    return text
  }

  private func write(_ value: Value, to bytes: inout [UInt8], _ random: inout Generator) {
    space(&bytes, &random)
    switch value {
    case .null: bytes += "null".utf8
    case .bool(let flag): bytes += "\(flag)".utf8
    case .number(let text): bytes += text.utf8
    case .string(let text): write(text, to: &bytes, &random)
    case .array(let elements):
      bytes += "[".utf8
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes += ",".utf8 }
        write(element, to: &bytes, &random)
      }
      space(&bytes, &random)
      bytes += "]".utf8
    case .object(let pairs):
      bytes += "{".utf8
      for (index, pair) in pairs.enumerated() {
        if index > 0 { bytes += ",".utf8 }
        space(&bytes, &random)
        write(pair.name, to: &bytes, &random)
        space(&bytes, &random)
        bytes += ":".utf8
        write(pair.value, to: &bytes, &random)
      }
      space(&bytes, &random)
      bytes += "}".utf8
    }
    space(&bytes, &random)
  }

  private func space(_ bytes: inout [UInt8], _ random: inout Generator) {
    guard Int.random(in: 0..<4, using: &random) == 0 else { return }
    for _ in 0..<Int.random(in: 1..<12, using: &random) {
      bytes.append([0x20, 0x20, 0x20, 0x09, 0x0A, 0x0D].randomElement(using: &random)!)
    }
  }

  private func write(_ text: String, to bytes: inout [UInt8], _ random: inout Generator) {
    let named: [UInt32: String] = [8: "b", 9: "t", 10: "n", 12: "f", 13: "r", 0x22: "\"", 0x2F: "/", 0x5C: "\\"]
    bytes += "\"".utf8
    for scalar in text.unicodeScalars {
      let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
      if let name = named[scalar.value], Bool.random(using: &random) {
        bytes += "\\\(name)".utf8
      } else if mustEscape || Int.random(in: 0..<5, using: &random) == 0 {
        for unit in UTF16.encode(scalar)! {
          let digits = String(unit, radix: 16, uppercase: .random(using: &random))
          bytes += ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8
        }
      } else {
        bytes += UTF8.encode(scalar)!
      }
    }
    bytes += "\"".utf8
  }

  /// xorshift64*, so that a failing seed fails again.
  private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state ^= state >> 12
      state ^= state << 25
      state ^= state >> 27
      return state &* 0x2545_F491_4F6C_DD1D
    }
  }
}
