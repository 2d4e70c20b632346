/// What starts and waiting servers depend on in the shared credential store, at one moment.
package struct CredentialStoreState: Sendable, Equatable {
  package let place: CredentialStorePlace
  /// Absolute paths of files whose change may change any of this: the store, and where it may appear.
  package let watched: [String]
  /// For each key under which there are credentials a hash of them; it is not cryptographic and must not be shown. Nil: the
  /// store cannot be read.
  package let entries: [String: String]?

  package init(place: CredentialStorePlace, watched: [String], entries: [String: String]?) {
    self.place = place
    self.watched = watched
    self.entries = entries
  }

  /// Whether a server with this key may find what it did not find before.
  func hasNews(for key: String, since old: CredentialStoreState) -> Bool {
    guard let entries else { return false }
    guard place == old.place, let oldEntries = old.entries else { return true }
    return entries[key] != nil && entries[key] != oldEntries[key]
  }
}
