import Front
import Protocol
import Store

/// Keeps catalogs, idempotency keys and sessions in the instance's store.
struct StoreKeeper: CatalogKeeper, IdempotencyKeeper, SessionKeeper {
  let store: Store

  func load() -> [KeptCatalog] {
    store.loadCatalogs().map { stored in
      // What is no JSON any more counts as never listed.
      let lists = stored.listing.flatMap { try? JSONSlice(validating: $0.lists) }
      return KeptCatalog(server: stored.server, fingerprint: stored.fingerprint, lists: lists)
    }
  }

  func keep(_ catalog: KeptCatalog) {
    guard let lists = catalog.lists else {
      return store.noteAttempt(server: catalog.server, fingerprint: catalog.fingerprint)
    }
    let hash = lists.member("hash")?.string ?? ""
    let listing = StoredCatalog.Listing(hash: hash, lists: Array(lists.bytes), era: nil)
    store.saveCatalog(StoredCatalog(server: catalog.server, fingerprint: catalog.fingerprint, listing: listing))
  }

  func noteAttempt(server: String, fingerprint: String) {
    store.noteAttempt(server: server, fingerprint: fingerprint)
  }

  func forget(except servers: [String]) { store.removeCatalogs(except: Set(servers)) }

  // MARK: Sessions

  func loadSessions(_ done: @escaping @Sendable ([KeptSession]) -> Void) {
    let isQueued = store.loadSessions { rows in
      done(
        rows.map { row in
          KeptSession(id: row.id, owner: row.owner, content: row.content, parts: row.parts.map(\.content))
        })
    }
    // The disk hangs: clients open new sessions.
    if !isQueued { done([]) }
  }

  func saveSession(_ session: KeptSession, _ done: @escaping @Sendable () -> Void) {
    store.saveSession(StoredSession(id: session.id, owner: session.owner, content: session.content), done)
  }

  func saveParts(
    _ parts: [(name: String, content: [UInt8])], removing names: [String], of session: String,
    _ done: @escaping @Sendable () -> Void
  ) {
    store.saveParts(
      parts.map { StoredSession.Part(name: $0.name, content: $0.content) }, removing: names, of: session, done)
  }

  func removeSessions(_ ids: [String], _ done: @escaping @Sendable () -> Void) { store.removeSessions(ids, done) }

  // MARK: Idempotency keys

  func loadRecords(_ done: @escaping @Sendable ([KeptRecord]) -> Void) {
    // Refused only when the disk hangs: then no key can be answered.
    _ = store.loadRecords { records in done(records.map(KeptRecord.init)) }
  }

  func saveRecord(_ record: KeptRecord, _ done: @escaping @Sendable (Bool) -> Void) {
    store.saveRecord(StoredRecord(record), done)
  }

  func removeRecords(_ keys: [(principal: String, key: String)]) {
    store.removeRecords(keys.map { StoredRecord.Key(principal: $0.principal, text: $0.key) })
  }
}

extension StoredRecord {
  fileprivate init(_ record: KeptRecord) {
    self.init(
      key: Key(principal: record.principal, text: record.key), binding: record.binding, kind: record.kind,
      entry: record.entry, server: record.server, operation: record.operation, boot: record.boot,
      askedAt: record.askedAt, createdAt: record.createdAt)
    if let finishedAt = record.finishedAt, let result = record.result {
      outcome = Outcome(finishedAt: finishedAt, result: result)
    }
  }
}

extension KeptRecord {
  fileprivate init(_ record: StoredRecord) {
    self.init(
      principal: record.key.principal, key: record.key.text, binding: record.binding, kind: record.kind,
      entry: record.entry, server: record.server, operation: record.operation, boot: record.boot,
      askedAt: record.askedAt, createdAt: record.createdAt, finishedAt: record.outcome?.finishedAt,
      result: record.outcome?.result)
  }
}
