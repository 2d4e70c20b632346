/// Changes of the catalog that are not written yet, at most one per server: the last one wins. Pure.
///
/// Removals come first, then the rows: a row that was removed after it was saved is not here any more.
struct CatalogChanges: Sendable, Equatable {
  /// Servers whose stored rows survive; nil removes none.
  private(set) var kept: Set<String>?
  /// By server.
  private(set) var rows: [String: StoredCatalog] = [:]

  var isEmpty: Bool { kept == nil && rows.isEmpty }

  /// A row without a listing says only that an attempt ended, and so never replaces a listing of the same entry.
  mutating func save(_ row: StoredCatalog) {
    if row.listing == nil, rows[row.server]?.fingerprint == row.fingerprint { return }
    rows[row.server] = row
  }

  mutating func remove(except servers: Set<String>) {
    kept = kept.map { $0.intersection(servers) } ?? servers
    rows = rows.filter { servers.contains($0.key) }
  }

  /// Adds changes that came later than these.
  mutating func append(_ newer: CatalogChanges) {
    if let kept = newer.kept { remove(except: kept) }
    for row in newer.rows.values { save(row) }
  }

  // MARK: Written

  mutating func removalIsDone() { kept = nil }
  mutating func rowIsDone(_ server: String) { rows[server] = nil }
}
