import Protocol
import Testing

/// The two decoders of byte streams: what they make of a stream does not depend on how it was cut.
@Suite struct DecoderTests {
  enum FrameResult: Equatable {
    case frame([UInt8])
    case error(FrameError)
  }

  /// Everything that a decoder says about `pieces`, its end included.
  static func frames(_ pieces: [ArraySlice<UInt8>], limit: Int) -> [FrameResult] {
    var decoder = FrameDecoder(limit: limit)
    var results: [FrameResult] = []
    do throws(FrameError) {
      for piece in pieces { try feed(piece, &decoder) { results.append(.frame($0)) } }
      try decoder.finish()
    } catch {
      results.append(.error(error))
    }
    return results
  }

  static func feed(
    _ piece: ArraySlice<UInt8>, _ decoder: inout FrameDecoder, _ body: ([UInt8]) -> Void
  ) throws(FrameError) {
    // The span-free way to typed throws out of a pointer closure.
    var failure: FrameError?
    piece.withUnsafeBytes { bytes in
      do throws(FrameError) { try decoder.feed(bytes, body) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  static func lines(_ pieces: [ArraySlice<UInt8>], limit: Int) -> [LineDecoder.Line] {
    var decoder = LineDecoder(limit: limit)
    var results: [LineDecoder.Line] = []
    for piece in pieces {
      piece.withUnsafeBytes { bytes in decoder.feed(bytes) { results.append($0) } }
      #expect(decoder.heldBytes <= limit + 1)
    }
    decoder.finish { results.append($0) }
    #expect(decoder.heldBytes == 0)
    return results
  }

  /// Whole, byte by byte, cut at every place, and at random.
  static func cuts(_ bytes: [UInt8]) -> [[ArraySlice<UInt8>]] {
    var all: [[ArraySlice<UInt8>]] = [[bytes[...]], bytes.indices.map { bytes[$0...$0] }]
    for place in bytes.indices.prefix(200) { all.append([bytes[..<place], bytes[place...]]) }
    for _ in 0..<20 {
      var pieces: [ArraySlice<UInt8>] = []
      var rest = bytes[...]
      while !rest.isEmpty {
        pieces.append(rest.prefix(Int.random(in: 0...7)))
        rest = rest.dropFirst(pieces[pieces.count - 1].count)
      }
      all.append(pieces)
    }
    return all
  }

  @Test(
    arguments: [
      ([], []),
      ([0, 0, 0, 0], [.frame([])]),
      ([0, 0, 0, 0, 0, 0, 0, 0], [.frame([]), .frame([])]),
      ([0, 0, 0, 1, 9], [.frame([9])]),
      ([0, 0, 0, 2, 9, 8, 0, 0, 0, 1, 7], [.frame([9, 8]), .frame([7])]),
      ([0, 0, 0, 0, 0, 0, 0, 1, 7, 0, 0, 0, 0], [.frame([]), .frame([7]), .frame([])]),
      ([0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8], [.frame([1, 2, 3, 4, 5, 6, 7, 8])]),
      ([0], [.error(.truncated(missing: 3))]),
      ([0, 0, 0], [.error(.truncated(missing: 1))]),
      ([0, 0, 0, 1], [.error(.truncated(missing: 1))]),
      ([0, 0, 0, 4, 1], [.error(.truncated(missing: 3))]),
      ([0, 0, 0, 1, 9, 0, 0], [.frame([9]), .error(.truncated(missing: 2))]),
      ([0, 0, 0, 9, 1, 2], [.error(.tooLarge(length: 9, limit: 8))]),
      ([0xff, 0xff, 0xff, 0xff], [.error(.tooLarge(length: 4_294_967_295, limit: 8))]),
      ([0, 0, 0, 1, 9, 0x80, 0, 0, 0, 1], [.frame([9]), .error(.tooLarge(length: 2_147_483_648, limit: 8))]),
    ] as [([UInt8], [FrameResult])])
  func framesOfEveryCut(bytes: [UInt8], expected: [FrameResult]) {
    for pieces in Self.cuts(bytes) { #expect(Self.frames(pieces, limit: 8) == expected, "\(pieces)") }
  }

  @Test(arguments: [
    ("", []), ("\n", [""]), ("\r\n", [""]), ("a\n", ["a"]), ("a\r\n", ["a"]), ("a\rb\n", ["a\rb"]), ("\n\n", ["", ""]),
    ("a\r\r\n", ["a\r"]), ("a\nb", ["a", "b"]), ("a\nb\r", ["a", "b"]), ("12345678\n", ["12345678"]),
    ("12345678\r\nx\n", ["12345678", "x"]), ("12345678", ["12345678"]), ("12345678\r", ["12345678"]),
    ("123456789\nx\n", ["!12345678", "x"]), ("123456789", ["!12345678"]), ("12345678\rx\ny\n", ["!12345678", "y"]),
    ("12345678\r\r\ny\n", ["!12345678", "y"]), ("1234567\r\r\ny\n", ["1234567\r", "y"]),
    ("1234567890123456789012345\r\n\n", ["!12345678", ""]), ("é\n", ["é"]),
  ])
  func linesOfEveryCut(text: String, expected: [String]) {
    // A mark for an oversized line, of which eight bytes are kept.
    let expected = expected.map { line -> LineDecoder.Line in
      line.hasPrefix("!") ? .oversized(prefix: Array(line.utf8.dropFirst())) : .line(Array(line.utf8))
    }
    for pieces in Self.cuts(Array(text.utf8)) { #expect(Self.lines(pieces, limit: 8) == expected, "\(pieces)") }
  }

  @Test func ofALongLineTheStartIsKept() {
    let long = [UInt8](0...255).map { $0 == 0x0a ? 0 : $0 } + [UInt8](repeating: 1, count: 10_000)
    for cut in [1, 100, 255, 256, 257, 999, 1000, 1001, 5000, long.count] {
      let pieces = [long[..<cut], (long[cut...] + [0x0a, 0x41, 0x0a])]
      #expect(
        Self.lines(pieces, limit: 1000)
          == [.oversized(prefix: Array(long.prefix(LineDecoder.keptPrefix))), .line([0x41])])
    }
  }

  @Test func payloadsAcrossManyPiecesAreWhole() {
    let payload = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    var stream: [UInt8] = []
    for _ in 0..<3 { Frame.append(payload, to: &stream) }
    for size in [65_535, 65_536, 65_537, 4096, 999_999] {
      let pieces = stride(from: 0, to: stream.count, by: size).map { stream[$0..<min($0 + size, stream.count)] }
      #expect(Self.frames(pieces, limit: 300_000) == Array(repeating: .frame(payload), count: 3))
    }
  }
}
