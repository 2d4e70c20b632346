/// Something that the log should tell about the state file. The store goes on after each of them.
package struct StoreReport: Sendable, Equatable, CustomStringConvertible {
  package enum Kind: Sendable, Hashable, CaseIterable {
    /// The file could not be used; it was renamed and a new one is started.
    case setAside
    /// A single entry was damaged and is forgotten.
    case entryDamaged
    /// Nothing can be written: no space left.
    case full
    /// Nothing can be written: no permission, or a read-only file system.
    case readOnly
    /// Nothing could be written: another process held the file for too long.
    case busy
    /// Nothing could be read or written for another reason.
    case failed
    /// A value can never be stored and is dropped.
    case refused
    /// The disk did not answer in time; the daemon went on without it.
    case slow
    /// After `full`, `readOnly`, `busy` or `failed`: everything is written now.
    case recovered
  }

  package let kind: Kind
  /// One sentence for people, with the path.
  package let description: String

  package init(kind: Kind, description: String) {
    self.kind = kind
    self.description = description
  }
}
