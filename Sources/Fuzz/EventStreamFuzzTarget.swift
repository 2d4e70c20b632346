import Protocol

/// `EventStreamDecoder`: any cut of a stream gives the same events, which are those that a reading of the whole text
/// line by line gives.
struct EventStreamFuzzTarget: FuzzTarget {
  static let name = "eventstream"

  static let limits = [4, 64]

  static let tokens: [[UInt8]] =
    [
      "\n", "\r\n", "\r", "\n\n", "\r\r", "\n\r", ":", ": ", "data", "data:", "data: ", "data: 12\n", "data: 12\n\n",
      "event: e\n",
      "event", "id: 7\n", "id", "id: \0\n", "retry: 12\n", "retry", ": comment\n", "other: x\n", "\u{feff}",
    ].map { Array($0.utf8) } + [[0xef], [0xef, 0xbb], longName]

  private static let longName = Array("id: ".utf8) + [UInt8](repeating: 0x31, count: EventStreamDecoder.longestName)

  func run(_ input: [UInt8], random: inout some RandomNumberGenerator) throws {
    for limit in Self.limits {
      var expected = Reference(limit: limit)
      expected.read(input)
      for (pieces, cut) in [
        ([input[...]], "whole"), (input.randomChunks(using: &random), "another cut"),
        (input.indices.map { input[$0...$0] }, "byte by byte"),
      ] {
        try check(pieces, expected, limit, cut)
      }
    }
  }

  private func check(_ pieces: [ArraySlice<UInt8>], _ expected: Reference, _ limit: Int, _ cut: String) throws {
    var decoder = EventStreamDecoder(limit: limit)
    var elements: [EventStreamDecoder.Element] = []
    for piece in pieces {
      piece.withUnsafeBytes { bytes in decoder.feed(bytes) { elements.append($0) } }
      try require(decoder.heldBytes <= limit + 2 * EventStreamDecoder.longestName + 5, "holds more than an event")
    }
    try require(elements == expected.elements, "other events, \(cut), limit \(limit)")
    try require(decoder.lastEventID == expected.lastID, "another last id, \(cut), limit \(limit)")
    try require(decoder.retryMilliseconds == expected.retry, "another retry, \(cut), limit \(limit)")
  }

  func signature(of input: [UInt8]) -> UInt64 {
    var reference = Reference(limit: Self.limits[0])
    reference.read(input)
    var signature = UInt64(min(reference.elements.count, 15))
    for element in reference.elements.prefix(8) {
      switch element {
      case .oversized: signature = signature << 3 | 1
      case .event(let event):
        signature = signature << 3 | (event.name == "message" ? 2 : 3) + (event.id == nil ? 0 : 2)
      }
    }
    return signature << 2 | (reference.retry == nil ? 0 : 1) | (reference.lastID.isEmpty ? 0 : 2)
  }

  /// The same, without a state between bytes.
  private struct Reference {
    let limit: Int
    var elements: [EventStreamDecoder.Element] = []
    var lastID = ""
    var retry: Int?
    private var lines: [[UInt8]] = []
    private var name = ""
    private var id: [UInt8] = []
    private var isOversized = false

    init(limit: Int) { self.limit = limit }

    mutating func read(_ input: [UInt8]) {
      var rest = input[...]
      if rest.starts(with: [0xef, 0xbb, 0xbf]) { rest = rest.dropFirst(3) }
      while let end = rest.firstIndex(where: { $0 == 0x0a || $0 == 0x0d }) {
        let line = rest[..<end]
        let isPair = rest[end] == 0x0d && rest.dropFirst(end - rest.startIndex + 1).first == 0x0a
        rest = rest[(end + (isPair ? 2 : 1))...]
        if line.isEmpty { dispatch() } else { take(line, isComplete: true) }
      }
      // An unfinished line can be too long already, if it says what it is.
      if rest.contains(UInt8(ascii: ":")) { take(rest, isComplete: false) }
    }

    private mutating func take(_ line: ArraySlice<UInt8>, isComplete: Bool) {
      let field = line.prefix { $0 != UInt8(ascii: ":") }
      var value = line.dropFirst(field.count + 1)
      if value.first == 0x20 { value = value.dropFirst() }
      let isLong = value.count > EventStreamDecoder.longestName
      switch String(decoding: field, as: UTF8.self) {
      case "data":
        if isOversized { return }
        lines.append(Array(value))
        if Array(lines.joined(separator: [0x0a])).count > limit { oversize() }
      case "event" where isLong, "id" where isLong: if !isOversized { oversize() }
      case "event" where isComplete: name = String(decoding: value, as: UTF8.self)
      case "id" where isComplete: if !value.contains(0) { id = Array(value) }
      case "retry" where isComplete && !isLong && !value.isEmpty && value.allSatisfy { (0x30...0x39).contains($0) }:
        retry = min(Int(String(decoding: value, as: UTF8.self)) ?? .max, Int(Int32.max))
      default: break
      }
    }

    private mutating func oversize() {
      isOversized = true
      lines = []
      elements.append(.oversized)
    }

    private mutating func dispatch() {
      lastID = String(decoding: id, as: UTF8.self)
      if !lines.isEmpty {
        elements.append(
          .event(
            .init(
              name: name.isEmpty ? "message" : name, data: Array(lines.joined(separator: [0x0a])),
              id: lastID.isEmpty ? nil : lastID)))
      }
      (lines, name, isOversized) = ([], "", false)
    }
  }
}
