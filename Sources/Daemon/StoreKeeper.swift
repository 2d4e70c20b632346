import Front
import Protocol
import Store

/// Keeps catalogs in the instance's store.
struct StoreKeeper: CatalogKeeper {
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
}
