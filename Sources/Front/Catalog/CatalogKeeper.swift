package import Protocol

/// What is kept of one server over restarts of the daemon.
package struct KeptCatalog: Sendable {
  package let server: String
  /// Hash of the configuration entry that the lists belong to.
  package let fingerprint: String
  /// The lists as the worker gave them; nil when only an attempt is noted.
  package let lists: JSONSlice?

  package init(server: String, fingerprint: String, lists: JSONSlice?) {
    self.server = server
    self.fingerprint = fingerprint
    self.lists = lists
  }
}

/// Keeps catalogs over restarts. A cache: whatever goes wrong with it costs time, never an answer. Implementations do
/// not block the caller of `keep`, `noteAttempt` and `forget`.
package protocol CatalogKeeper: Sendable {
  /// Everything that is kept. Reads a file: for the start of the daemon only.
  func load() -> [KeptCatalog]
  func keep(_ catalog: KeptCatalog)
  /// A first attempt of a server ended without lists: nobody waits for it any more, in later runs either.
  func noteAttempt(server: String, fingerprint: String)
  /// Forgets all servers but these.
  func forget(except servers: [String])
}
