/// Makes inputs out of others: a few small changes each, sometimes a mixture of two.
struct FuzzMutator {
  /// No input grows beyond this; decoders get their large inputs from `FuzzTarget.seeds`.
  static let maxBytes = 16384

  private var pool: [[UInt8]]
  /// How many of the pool were there at the start.
  private let seedCount: Int
  private let tokens: [[UInt8]]

  /// Integers at which programs go wrong, as text and in both byte orders.
  private static let integers: [[UInt8]] = {
    let numbers: [UInt64] = [
      0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF,
      0x1_0000_0000, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, 0xFFFF_FFFF_FFFF_FFFF,
    ]
    return numbers.flatMap { number in
      let little = (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
      return [
        Array("\(number)".utf8), Array("-\(number)".utf8), Array(little.prefix(4)), Array(little.prefix(4).reversed()),
        little, little.reversed(),
      ]
    }
  }()

  /// `pool` must not be empty.
  init(pool: [[UInt8]], tokens: [[UInt8]]) {
    self.pool = pool
    seedCount = pool.count
    self.tokens = tokens
  }

  mutating func add(_ input: [UInt8]) {
    pool.append(input)
  }

  func next(using random: inout some RandomNumberGenerator) -> [UInt8] {
    // What was found is mostly broken already, so half of the inputs start from a seed.
    let candidates = Bool.random(using: &random) ? seedCount : pool.count
    var bytes = pool[Int.random(in: 0..<candidates, using: &random)]
    if bytes.count > Self.maxBytes { bytes.removeSubrange(Self.maxBytes...) }
    let changes = Bool.random(using: &random) ? 1 : Int.random(in: 2...6, using: &random)
    for _ in 0..<changes { mutate(&bytes, using: &random) }
    if bytes.count > Self.maxBytes { bytes.removeSubrange(Self.maxBytes...) }
    return bytes
  }

  private func mutate(_ bytes: inout [UInt8], using random: inout some RandomNumberGenerator) {
    let piece = range(of: bytes, using: &random)
    let place = Int.random(in: 0...bytes.count, using: &random)
    switch Int.random(in: 0..<12, using: &random) {
    case 0:  // flip a bit
      if place < bytes.count { bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
    case 1:  // another byte
      if place < bytes.count { bytes[place] = UInt8.random(in: 0...255, using: &random) }
    case 2:  // one byte more
      bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
    case 3:  // a piece less
      bytes.removeSubrange(piece)
    case 4:  // cut off
      bytes.removeSubrange(place...)
    case 5:  // a piece again, elsewhere
      bytes.insert(contentsOf: Array(bytes[piece]), at: place)
    case 6:  // a piece many times, which nests brackets
      let copies = min(Int.random(in: 2...64, using: &random), Self.maxBytes / max(piece.count, 1))
      bytes.insert(contentsOf: Array(repeatElement(bytes[piece], count: copies).joined()), at: place)
    case 7:  // a piece of another input
      let other = pool.randomElement(using: &random)!
      bytes.insert(contentsOf: other[range(of: other, using: &random)], at: place)
    case 8:  // the head of this, the tail of another
      let other = pool.randomElement(using: &random)!
      bytes.replaceSubrange(place..., with: other[Int.random(in: 0...other.count, using: &random)...])
    case 9:  // an integer in place of something or as an addition
      let target = Bool.random(using: &random) ? piece : place..<place
      bytes.replaceSubrange(target, with: Self.integers.randomElement(using: &random)!)
    case 10:  // a token in place of something
      if let token = tokens.randomElement(using: &random) { bytes.replaceSubrange(piece, with: token) }
    default:  // a token more
      if let token = tokens.randomElement(using: &random) { bytes.insert(contentsOf: token, at: place) }
    }
  }

  /// A piece, mostly a short one.
  private func range(of bytes: [UInt8], using random: inout some RandomNumberGenerator) -> Range<Int> {
    let start = Int.random(in: 0...bytes.count, using: &random)
    let longest = Bool.random(using: &random) ? 8 : bytes.count
    return start..<min(start + Int.random(in: 0...longest, using: &random), bytes.count)
  }
}

extension Array<UInt8> {
  /// The input in pieces as a socket might deliver it: often tiny, sometimes whole, never empty.
  func randomChunks(using random: inout some RandomNumberGenerator) -> [ArraySlice<UInt8>] {
    var chunks: [ArraySlice<UInt8>] = []
    var rest = self[...]
    while !rest.isEmpty {
      let longest = Bool.random(using: &random) ? 4 : rest.count
      let chunk = rest.prefix(Int.random(in: 1...longest, using: &random))
      chunks.append(chunk)
      rest = rest.dropFirst(chunk.count)
    }
    return chunks
  }
}
