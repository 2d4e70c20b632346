/// What is remembered of one server. That there is such a value at all means that a first attempt to start the server
/// (with this fingerprint) has ended, well or not: lists never wait for it again (contract §3.4).
package struct StoredCatalog: Sendable, Equatable {
  /// The last completed listing of a server.
  package struct Listing: Sendable, Equatable {
    /// The catalog's content hash, as the worker gave it.
    package var hash: String
    /// The JSON text of the worker's `catalog/read` result; its bytes are never touched.
    package var lists: [UInt8]
    /// The protocol era that was spoken, where known.
    package var era: String?

    package init(hash: String, lists: [UInt8], era: String?) {
      self.hash = hash
      self.lists = lists
      self.era = era
    }
  }

  /// The server's id in the configuration.
  package var server: String
  /// Of the configuration entry that it was started with. The reader compares: another entry may be another server.
  package var fingerprint: String
  /// Nil when no listing was ever completed with this fingerprint.
  package var listing: Listing?

  package init(server: String, fingerprint: String, listing: Listing?) {
    self.server = server
    self.fingerprint = fingerprint
    self.listing = listing
  }
}
