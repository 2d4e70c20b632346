package import Protocol

/// The whole content of a store, checked. A value without I/O.
package struct StoreDocument: Sendable {
  /// Thousands of servers; what is larger is no credential store.
  package static let limits = JSONLimits(maxBytes: 4 << 20, maxDepth: 64)

  private let root: JSONSlice
  private let entries: [String: StoreEntry]

  /// A store that does not exist yet.
  package init() {
    root = .emptyObject
    entries = [:]
  }

  /// Reads the bytes of a file. The whole file is refused when one entry of it is not as it must be, whoever's it is.
  package init(_ bytes: [UInt8]) throws(StoreFormatError) {
    do {
      root = try JSONSlice(validating: bytes, limits: Self.limits)
    } catch {
      let place = JSONPosition(buffer: bytes, offset: error.offset)
      throw StoreFormatError(text: "\(error.reason) at line \(place.line), column \(place.column)")
    }
    var entries: [String: StoreEntry] = [:]
    try StoreMemberReader(root, at: "").forEach { name, place, value throws(StoreFormatError) in
      entries[name] = try StoreEntry(try StoreMemberReader(value, at: place))
    }
    self.entries = entries
  }

  package func entry(_ key: String) -> StoreEntry? { entries[key] }

  /// The file's new bytes with `entry` under `key`, or without that key: two spaces per level and a final line break.
  /// Tokens and order of all that is not ours stay, byte for byte.
  package func replacing(_ key: String, with entry: StoreEntry?) -> [UInt8] {
    var edits = ObjectEdits()
    edits.set(key, to: entry?.text(replacing: entries[key], in: root.member(key)))
    return JSONSlice.trusted(edits.applied(to: root)).pretty() + [0x0A]
  }
}
