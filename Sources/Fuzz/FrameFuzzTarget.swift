import Protocol

/// `FrameDecoder`: any cut of a stream gives the same frames and the same error, and the frames, written again, are the
/// stream up to that error.
struct FrameFuzzTarget: FuzzTarget {
  static let name = "frame"

  /// Small, so that mutations meet it.
  static let limit = 64

  static let tokens: [[UInt8]] = [
    [0, 0, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 2, 1, 2], [0, 0, 0, 64], [0, 0, 0, 65], [0, 0, 1, 0], [1, 0, 0, 0],
    [0xff, 0xff, 0xff, 0xff], [0x80, 0, 0, 0],
  ]

  struct Outcome: Equatable {
    var frames: [[UInt8]] = []
    var error: FrameError?
  }

  func run(_ input: [UInt8], random: inout some RandomNumberGenerator) throws {
    let whole = Self.decode([input[...]])
    try require(Self.decode(input.randomChunks(using: &random)) == whole, "another cut gives another result")
    try require(Self.decode(input.indices.map { input[$0...$0] }) == whole, "byte by byte gives another result")
    try require(whole.frames.allSatisfy { $0.count <= Self.limit }, "a frame over the limit")

    var again: [UInt8] = []
    for frame in whole.frames { Frame.append(frame, to: &again) }
    try require(input.starts(with: again), "the frames are not what the stream holds")
    let rest = input.dropFirst(again.count)
    switch whole.error {
    case nil:
      try require(rest.isEmpty, "bytes are lost without an error")
    case .truncated(let missing)?:
      try require(missing > 0 && !rest.isEmpty, "truncated without need")
      // With as many bytes as it says are missing, and for a cut header the frame of length that this makes.
      if rest.count < Frame.headerLength {
        try require(rest.count + missing == Frame.headerLength, "another number of bytes is missing from the header")
      } else {
        let completed = Self.decode([input + [UInt8](repeating: 0, count: missing)])
        try require(completed.error == nil && completed.frames.count == whole.frames.count + 1, "not what was missing")
      }
    case .tooLarge(let length, let limit)?:
      let announced = rest.prefix(Frame.headerLength).reduce(0) { $0 << 8 | Int($1) }
      try require(limit == Self.limit && length > limit && length == announced, "too large without need")
    }
  }

  func signature(of input: [UInt8]) -> UInt64 {
    let outcome = Self.decode([input[...]])
    let kind: UInt64 =
      switch outcome.error {
      case nil: 0
      case .truncated(let missing)?: missing < Frame.headerLength ? 1 : 2
      case .tooLarge?: 3
      }
    return kind << 8 | UInt64(min(outcome.frames.count, 20))
  }

  private static func decode(_ pieces: [ArraySlice<UInt8>]) -> Outcome {
    var decoder = FrameDecoder(limit: limit)
    var outcome = Outcome()
    do throws(FrameError) {
      for piece in pieces {
        var failure: FrameError?
        piece.withUnsafeBytes { bytes in
          do throws(FrameError) { try decoder.feed(bytes) { outcome.frames.append($0) } } catch { failure = error }
        }
        if let failure { throw failure }
      }
      try decoder.finish()
    } catch {
      outcome.error = error
    }
    return outcome
  }

  private static func decode(_ pieces: [[UInt8]]) -> Outcome { decode(pieces.map { $0[...] }) }
}
