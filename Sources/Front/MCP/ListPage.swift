import Protocol

/// One page of a list of ours: so many entries, or so many bytes, behind those of the page before. Pure.
///
/// A cursor is the place of the last entry, encoded: it means the same after a restart, and entries that come and go between
/// two pages shift nothing.
struct ListPage {
  static let mostEntries = 1000
  /// In bytes of the servers' own objects; a page has one entry at least.
  static let mostBytes = 4 << 20
  private static let prefix = "after:"

  private let start: String?
  private var entries = 0
  private var bytes = 0
  private var last: String?
  private var isFull = false

  /// `cursor` nil: the first page. Nil when it is no cursor.
  init?(after cursor: JSONSlice? = nil) {
    guard let cursor else {
      start = nil
      return
    }
    guard let text = cursor.string, text.utf8.starts(with: Self.prefix.utf8),
      let start = PercentEncoding.decode(text.dropFirst(Self.prefix.count))
    else { return nil }
    self.start = start
  }

  /// Whether the page follows one of this list. Where the list is not sorted nobody could tell what comes next when the last
  /// entry has gone (mcp-checklist PAG-1).
  func isOf<Entry>(_ entries: [Entry], isSorted: Bool, at place: (Entry) -> String) -> Bool {
    guard let start, !isSorted else { return true }
    return entries.contains { place($0).isExactly(start) }
  }

  /// Those of a list's entries that were not on earlier pages. A list that `isSorted` by place goes on where the last entry
  /// was, another one behind that entry.
  func rest<Entry>(of entries: [Entry], isSorted: Bool, at place: (Entry) -> String) -> ArraySlice<Entry> {
    guard let start else { return entries[...] }
    if isSorted { return entries.drop { !start.utf8.lexicographicallyPrecedes(place($0).utf8) } }
    guard let last = entries.lastIndex(where: { place($0).isExactly(start) }) else { return [] }
    return entries[(last + 1)...]
  }

  /// Whether an entry is to be written now. False: the page is full, and nothing behind it is asked for. Entries of earlier
  /// pages must not be offered.
  mutating func takes(_ place: String, size: Int) -> Bool {
    guard !isFull else { return false }
    if entries > 0, entries == Self.mostEntries || bytes + size > Self.mostBytes {
      isFull = true
      return false
    }
    entries += 1
    bytes += size
    last = place
    return true
  }

  /// For the next page; nil on the last.
  var nextCursor: String? { isFull ? last.map { Self.prefix + PercentEncoding.encode($0) } : nil }
}
