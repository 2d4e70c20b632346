/// The store as it was at one moment.
package struct CredentialSnapshot: Sendable {
  package let document: StoreDocument
  /// Of the file that was read; nil when there was none.
  private let stamp: StoreStamp?
  /// Whether a later change is sure to be seen in the stamp.
  private let isSettled: Bool

  init(_ document: StoreDocument, _ stamp: StoreStamp?) {
    self.document = document
    self.stamp = stamp
    isSettled = stamp?.isSettled ?? true
  }

  package func entry(_ key: String) -> StoreEntry? { document.entry(key) }

  /// Whether the file is the one that was read, as far as its stamp tells.
  func isStillThere(at path: String) -> Bool { StoreStamp(path: path) == stamp }

  /// Whether this is still what the file says: one `stat`. False, too, when the file had changed so shortly before it was
  /// read that nobody can tell.
  package func isCurrent(at path: String) -> Bool { isSettled && isStillThere(at: path) }
}
