import Protocol

/// `LineDecoder`: any cut of a stream gives the same lines, which are those that splitting the whole stream gives.
struct LineFuzzTarget: FuzzTarget {
  static let name = "line"

  /// One below and one above what is kept of an oversized line, and a tiny one.
  static let limits = [3, LineDecoder.keptPrefix - 1, LineDecoder.keptPrefix + 1]

  static let tokens: [[UInt8]] =
    ["\n", "\r\n", "\r", "\n\n", "\r\r\n", "\n\r", "{}\n", "abc\r\n", "abcd\n"].map { Array($0.utf8) }
    + limits.map { [UInt8](repeating: UInt8(ascii: "x"), count: $0) }

  func run(_ input: [UInt8], random: inout some RandomNumberGenerator) throws {
    for limit in Self.limits {
      let expected = Self.split(input, limit: limit)
      try require(try Self.decode([input[...]], limit) == expected, "not the lines of the stream, limit \(limit)")
      try require(
        try Self.decode(input.randomChunks(using: &random), limit) == expected, "another cut, limit \(limit)")
      try require(
        try Self.decode(input.indices.map { input[$0...$0] }, limit) == expected, "byte by byte, limit \(limit)")
    }
  }

  func signature(of input: [UInt8]) -> UInt64 {
    let lines = Self.split(input, limit: Self.limits[0])
    var signature = UInt64(min(lines.count, 15))
    for line in lines.prefix(8) {
      if case .oversized = line { signature = signature << 2 | 1 } else { signature = signature << 2 | 2 }
    }
    return signature << 1 | (input.last == 0x0a ? 1 : 0)
  }

  private static func decode(_ pieces: [ArraySlice<UInt8>], _ limit: Int) throws -> [LineDecoder.Line] {
    var decoder = LineDecoder(limit: limit)
    var lines: [LineDecoder.Line] = []
    for piece in pieces {
      piece.withUnsafeBytes { bytes in decoder.feed(bytes) { lines.append($0) } }
      // One more than the limit: a carriage return that may end the line.
      try require(decoder.heldBytes <= limit + 1, "holds more than a line")
    }
    decoder.finish { lines.append($0) }
    return lines
  }

  /// The same, without a state: line feeds divide, one carriage return before each does not count.
  private static func split(_ input: [UInt8], limit: Int) -> [LineDecoder.Line] {
    var pieces = input.split(separator: 0x0a, omittingEmptySubsequences: false)
    // What follows the last line feed is a line only if there is something.
    if pieces.last?.isEmpty == true { pieces.removeLast() }
    return pieces.map { piece in
      let line = piece.last == 0x0d ? piece.dropLast() : piece
      guard line.count > limit else { return .line(Array(line)) }
      return .oversized(prefix: Array(line.prefix(min(limit, LineDecoder.keptPrefix))))
    }
  }
}
