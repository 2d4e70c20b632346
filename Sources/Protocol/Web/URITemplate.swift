/// Tells whether a URI can have come from a template (RFC 6570, levels 1 to 3; of level 4 explosion). Pure.
///
/// The standard defines expansion only, and the way back is ambiguous. This accepts a little more than can be expanded,
/// because clients write values without percent-encoding: it decides who is asked, and the server decides what it has.
package struct URITemplate: Sendable, Equatable {
  /// Bytes of a template, and of a URI; what is longer matches nothing.
  package static let longest = 8192

  /// What a part of the URI may look like.
  enum Part: Sendable, Equatable {
    case literal([UInt8])
    /// At least one byte that is none of the stops.
    case value(stops: [UInt8])
    /// Nothing, or `opening` and any number of bytes that are none of the stops.
    case section(opening: UInt8, stops: [UInt8])
    /// Nothing, or `opening` and pairs `name=value` with `separator` between them, each of one of the names (empty:
    /// of any name).
    case pairs(opening: UInt8, separator: UInt8, names: [[UInt8]], stops: [UInt8])
  }

  let parts: [Part]

  /// Whether the whole URI matches. `work` is what it may cost, in bytes looked at, and is lowered by what it did cost;
  /// when it is used up nothing matches any more. Never more than the product of both lengths.
  package func matches(_ uri: [UInt8], work: inout Int) -> Bool {
    guard uri.count <= Self.longest else { return false }
    if case .literal(let text)? = parts.first {
      work -= text.count
      guard uri.starts(with: text) else { return false }
    }
    // No backtracking: all places that the parts so far can reach, at once.
    var places = Places(count: uri.count + 1)
    places.add(0)
    for part in parts {
      work -= uri.count + 1
      guard work > 0, !places.isEmpty else { return false }
      places = part.places(from: places, in: uri, work: &work)
    }
    return work > 0 && places[uri.count]
  }
}

/// Positions between the bytes of a URI.
private struct Places {
  private var isIn: [Bool]
  private(set) var isEmpty = true

  init(count: Int) { isIn = [Bool](repeating: false, count: count) }

  subscript(place: Int) -> Bool { isIn[place] }

  mutating func add(_ place: Int) {
    isIn[place] = true
    isEmpty = false
  }
}

extension URITemplate.Part {
  /// Where the part can end that begins at one of `starts`.
  fileprivate func places(from starts: Places, in uri: [UInt8], work: inout Int) -> Places {
    var ends = Places(count: uri.count + 1)
    switch self {
    case .literal(let text):
      for start in 0...uri.count where starts[start] && work > 0 {
        work -= text.count
        if uri[start...].starts(with: text) { ends.add(start + text.count) }
      }
    case .value(let stops):
      var isInside = false
      for place in 0..<uri.count {
        isInside = (isInside || starts[place]) && !stops.contains(uri[place])
        if isInside { ends.add(place + 1) }
      }
    case .section(let opening, let stops):
      var isInside = false
      for place in 0...uri.count {
        if starts[place] { ends.add(place) }
        guard place < uri.count else { break }
        let opens = starts[place] && uri[place] == opening
        isInside = opens || (isInside && !stops.contains(uri[place]))
        if isInside { ends.add(place + 1) }
      }
    case .pairs(let opening, let separator, let names, let stops):
      for start in 0...uri.count where starts[start] && work > 0 {
        ends.add(start)
        guard start < uri.count, uri[start] == opening else { continue }
        Self.walkPairs(from: start + 1, separator, names, stops, in: uri, &ends, &work)
      }
    }
    return ends
  }

  /// Adds every place at which the pairs that begin at `start` can end.
  private static func walkPairs(
    from start: Int, _ separator: UInt8, _ names: [[UInt8]], _ stops: [UInt8], in uri: [UInt8], _ ends: inout Places,
    _ work: inout Int
  ) {
    var start = start
    while work > 0 {
      guard let name = nameEnd(from: start, names, stops, in: uri, &ends, &work) else { return }
      var place = name
      if place < uri.count, uri[place] == UInt8(ascii: "=") {
        place += 1
        ends.add(place)
        while place < uri.count, !stops.contains(uri[place]) {
          place += 1
          ends.add(place)
        }
        work -= place - start
      }
      guard place < uri.count, uri[place] == separator else { return }
      start = place + 1
    }
  }

  /// Adds every place at which the name that begins at `start` can end; returns the one behind which the pair or the next
  /// pair goes on.
  private static func nameEnd(
    from start: Int, _ names: [[UInt8]], _ stops: [UInt8], in uri: [UInt8], _ ends: inout Places, _ work: inout Int
  ) -> Int? {
    guard !names.isEmpty else {
      var place = start
      while place < uri.count, uri[place] != UInt8(ascii: "="), !stops.contains(uri[place]) {
        place += 1
        ends.add(place)
      }
      work -= place - start
      return place > start ? place : nil
    }
    var end: Int?
    for name in names {
      work -= name.count
      guard work > 0, uri[start...].starts(with: name) else { continue }
      let place = start + name.count
      ends.add(place)
      // One name may be the beginning of another.
      if place < uri.count, uri[place] == UInt8(ascii: "=") || stops.contains(uri[place]) { end = place }
    }
    return end
  }
}
