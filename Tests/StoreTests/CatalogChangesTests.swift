import Testing

@testable import Store

/// What remains of changes that wait.
@Suite struct CatalogChangesTests {
  static let listing = Samples.row("a", version: 1)
  static let newer = Samples.row("a", version: 2)
  static let attempt = StoredCatalog(server: "a", fingerprint: "f1", listing: nil)
  static let otherEntry = StoredCatalog(server: "a", fingerprint: "f2", listing: nil)

  @Test(arguments: [
    ([listing, newer], newer),
    ([newer, listing], listing),
    ([attempt, listing], listing),
    ([listing, attempt], listing),
    ([listing, otherEntry], otherEntry),
    ([otherEntry, listing], listing),
  ])
  func theLastRowOfAServerWinsAndAnAttemptTakesNoListingAway(
    rows: [StoredCatalog], expected: StoredCatalog
  ) {
    var changes = CatalogChanges()
    for row in rows { changes.save(row) }
    #expect(changes.rows == ["a": expected])

    // The same when they come in two batches, of which the first could not be written.
    for split in 0...rows.count {
      var older = CatalogChanges()
      var later = CatalogChanges()
      for row in rows[..<split] { older.save(row) }
      for row in rows[split...] { later.save(row) }
      older.append(later)
      #expect(older == changes)
    }
  }

  @Test func removalsPrecedeRowsThatWereSavedAfterThem() {
    var changes = CatalogChanges()
    changes.save(Samples.row("a", version: 1))
    changes.save(Samples.row("b", version: 1))
    changes.remove(except: ["b", "c"])
    #expect(changes.rows.keys.sorted() == ["b"])
    #expect(changes.kept == ["b", "c"])

    changes.save(Samples.row("d", version: 1))
    changes.remove(except: ["b", "d"])
    #expect(changes.rows.keys.sorted() == ["b", "d"])
    #expect(changes.kept == ["b"], "a stored row of d was removed by the first, one of c by the second")
  }
}
