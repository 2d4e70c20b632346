extension StoredCatalog {
  /// Over all members. SQLite has no checksums of its own below the write-ahead log: a damaged sector inside a listing
  /// would otherwise be served as the server's words.
  var checksum: Int64 {
    var checksum = RowChecksum()
    checksum.add(server)
    checksum.add(fingerprint)
    checksum.add(listing?.hash)
    checksum.add(listing?.era)
    checksum.add(listing?.lists)
    return checksum.value
  }
}
