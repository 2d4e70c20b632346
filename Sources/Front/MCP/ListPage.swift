import Protocol

/// One page of a list of ours: so many entries, or so many bytes, behind those of the page before. Pure.
///
/// A cursor is the public id of the last entry, encoded: it means the same after a restart, and entries that come and go
/// between two pages shift nothing.
struct ListPage {
  static let mostEntries = 1000
  /// In bytes of the servers' own objects; a page has one entry at least.
  static let mostBytes = 4 << 20

  private let start: String?
  private var entries = 0
  private var bytes = 0
  private var last: String?
  private var isFull = false

  /// `cursor` nil: the first page. One that is no cursor counts as the first page, too; ask `start(after:)` before.
  init(after cursor: JSONSlice? = nil) { start = cursor.flatMap { Self.start(after: $0) } }

  /// The id that a cursor means; nil when it is none of ours.
  static func start(after cursor: JSONSlice?) -> String? {
    guard let text = cursor?.string, text.utf8.starts(with: prefix.utf8) else { return nil }
    return PercentEncoding.decode(text.dropFirst(prefix.count))
  }

  private static let prefix = "after:"

  /// Whether an entry is to be written now. False: the page is full, and nothing behind it is asked for. Entries of earlier
  /// pages must not be offered.
  mutating func takes(_ id: String, size: Int) -> Bool {
    guard !isFull else { return false }
    if entries > 0, entries == Self.mostEntries || bytes + size > Self.mostBytes {
      isFull = true
      return false
    }
    entries += 1
    bytes += size
    last = id
    return true
  }

  /// Those of a list's entries that were not on earlier pages. A list that `isSorted` by id goes on where the last entry was,
  /// another one behind that entry, and is at its end when that has gone.
  func rest<Entry>(of entries: [Entry], isSorted: Bool, id: (Entry) -> String) -> ArraySlice<Entry> {
    guard let start else { return entries[...] }
    if isSorted {
      return entries.drop { !start.utf8.lexicographicallyPrecedes(id($0).utf8) }
    }
    guard let last = entries.lastIndex(where: { id($0) == start }) else { return [] }
    return entries[(last + 1)...]
  }

  /// For the next page; nil on the last.
  var nextCursor: String? { isFull ? last.map { Self.prefix + PercentEncoding.encode($0) } : nil }
}
