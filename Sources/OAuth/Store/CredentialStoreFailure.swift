/// Why the credential store cannot be used. Never contains anything of its content.
package struct CredentialStoreFailure: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Reason: Sendable, Equatable {
    /// The file cannot be opened or read.
    case unreadable
    /// The file is no JSON, or not as it must be. It is never written to then.
    case unparsable
    /// The file, its lock or its directory cannot be written.
    case unwritable
    /// Another process has the lock, and did not give it back in time.
    case locked
    /// The wait for a lock was called off.
    case cancelled
  }

  package let reason: Reason
  /// The store's path as it was given.
  package let path: String
  /// What exactly: the kernel's words, or where the file is wrong.
  package let detail: String

  package init(_ reason: Reason, path: String, detail: String) {
    self.reason = reason
    self.path = path
    self.detail = detail
  }

  /// The sentence without `detail`.
  package var summary: String {
    switch reason {
    case .unreadable: "the credential store \(path) cannot be read"
    case .unparsable: "the credential store \(path) is damaged and was left as it is"
    case .unwritable: "the credential store \(path) cannot be written"
    case .locked: "the credential store \(path) is locked by another process"
    case .cancelled: "the wait for the credential store \(path) was cancelled"
    }
  }

  package var description: String { "\(summary): \(detail)" }
}
