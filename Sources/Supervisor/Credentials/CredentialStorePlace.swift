/// Where the shared credential store is, as far as the files say that exist at this moment (contract §7.2).
package enum CredentialStorePlace: Sendable, Equatable {
  /// An absolute path; the file may be missing.
  case file(String)
  /// There is no place for it: why, in a few words.
  case none(String)
}
