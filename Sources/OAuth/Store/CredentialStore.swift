import Glibc
import Platform
import Protocol

/// The shared credential store (`mcp-auth.json`, contract §7.1 and §7.2): OpenCode's format, which other programs read and
/// write as well. A value that names the file and keeps nothing; every method blocks on the disk, so it belongs onto a
/// `BlockingThread` or into a command.
///
/// Changes are made under a lock that all warmplane processes respect, and only to one key at a time. The file is replaced
/// as a whole: a reader needs no lock, and a process that is killed leaves the old file or the new one.
package struct CredentialStore: Sendable, Equatable {
  /// Absolute; may be a symbolic link, which stays one.
  package let path: String

  /// How long a change waits for the lock; it is held for one write each time.
  private static let patience = Duration.seconds(10)
  /// How often a file that is no JSON is read again, 25 ms apart: other programs write into the file itself, and half of
  /// their text may be there.
  private static let mostAttempts = 5

  package init(path: String) { self.path = path }

  /// What the store says now. A missing file is an empty store.
  package func read() throws(CredentialStoreFailure) -> CredentialSnapshot {
    var attempt = 1
    while true {
      do {
        return try readOnce()
      } catch {
        guard error.reason == .unparsable, attempt < Self.mostAttempts, wasJustWritten else { throw error }
        attempt += 1
        usleep(25_000)
      }
    }
  }

  /// Changes what is under `key`; other keys, and members that we do not know, are not touched. `change` gets what the
  /// file says under the lock, so it sees what other processes did before; nil is no entry. It is called again when a
  /// program that does not know the lock was faster. Nothing is written when nothing changes, unless `always`. Returns
  /// what `change` returns.
  @discardableResult
  package func update<T>(
    _ key: String, always: Bool = false, _ change: (inout StoreEntry?) -> T
  ) throws(CredentialStoreFailure) -> T {
    let target = try onDisk(.unwritable) { () throws(SystemError) -> PrivateFile in try prepared() }
    let lock = try onDisk(.unwritable) { () throws(SystemError) -> FileLock? in
      try FileLock.wait(for: "\(target.path).lock", limit: Self.patience)
    }
    guard let lock else {
      throw CredentialStoreFailure(.locked, path: path, detail: "it was not released within \(Self.patience)")
    }
    defer { lock.release() }
    for _ in 0..<Self.mostAttempts {
      let snapshot = try read()
      let old = snapshot.entry(key)
      var new = old
      let result = change(&new)
      guard always || new != old else { return result }
      let bytes = try content(snapshot.document, key, new)
      let isWritten = try onDisk(.unwritable) { () throws(SystemError) -> Bool in
        try target.replace(with: bytes) { snapshot.isStillThere(at: path) }
      }
      if isWritten { return result }
    }
    throw CredentialStoreFailure(.locked, path: path, detail: "another program writes it again and again")
  }

  /// The new content, which must be one that can be read again: values may be too many, or not as they must be.
  private func content(
    _ document: StoreDocument, _ key: String, _ entry: StoreEntry?
  ) throws(CredentialStoreFailure) -> [UInt8] {
    let bytes = document.replacing(key, with: entry)
    do {
      _ = try StoreDocument(bytes)
      return bytes
    } catch {
      throw CredentialStoreFailure(.unwritable, path: path, detail: "the new content would be damaged: \(error.text)")
    }
  }

  /// The file behind `path`, in a directory that exists.
  private func prepared() throws(SystemError) -> PrivateFile {
    let target = try PrivateFile.behind(path)
    try DirectoryTree.make(ExecutablePath.directory(of: target.path))
    return target
  }

  private func onDisk<T>(
    _ reason: CredentialStoreFailure.Reason, _ body: () throws(SystemError) -> T
  ) throws(CredentialStoreFailure) -> T {
    do {
      return try body()
    } catch {
      throw CredentialStoreFailure(reason, path: path, detail: error.description)
    }
  }

  // MARK: One refresh at a time

  /// The lock under which one process refreshes the tokens of `key`; nil while another does (contract §7.8). Not the lock
  /// of the store, which is never held over a request.
  package func attemptRefreshLock(_ key: String) throws(CredentialStoreFailure) -> FileLock? {
    try onDisk(.unwritable) { () throws(SystemError) -> FileLock? in
      try FileLock.attempt(try refreshLockPath(key))
    }
  }

  /// Waits for that lock at most `limit`; `isCancelled` is asked every 20 ms at least.
  package func refreshLock(
    _ key: String, limit: Duration, isCancelled: () -> Bool = { false }
  ) throws(CredentialStoreFailure) -> FileLock {
    let lock = try onDisk(.unwritable) { () throws(SystemError) -> FileLock? in
      try FileLock.wait(for: try refreshLockPath(key), limit: limit, isCancelled: isCancelled)
    }
    if let lock { return lock }
    if isCancelled() { throw CredentialStoreFailure(.cancelled, path: path, detail: "nobody waits any more") }
    throw CredentialStoreFailure(
      .locked, path: path, detail: "another process has been refreshing these credentials for \(limit)")
  }

  /// A key may have any characters; its hash is a name.
  private func refreshLockPath(_ key: String) throws(SystemError) -> String {
    "\(try prepared().path).\(FNV1a.hex128(key.utf8)).lock"
  }

  // MARK: Reading

  private enum Content {
    case missing
    case notRegular
    case file([UInt8], StoreStamp)
  }

  private func readOnce() throws(CredentialStoreFailure) -> CredentialSnapshot {
    switch try onDisk(.unreadable, { () throws(SystemError) -> Content in try content() }) {
    case .missing:
      return CredentialSnapshot(StoreDocument(), nil)
    case .notRegular:
      throw CredentialStoreFailure(.unreadable, path: path, detail: "it is not a regular file")
    case .file(let bytes, let stamp):
      do {
        return CredentialSnapshot(try StoreDocument(bytes), stamp)
      } catch {
        throw CredentialStoreFailure(.unparsable, path: path, detail: error.text)
      }
    }
  }

  private func content() throws(SystemError) -> Content {
    let file: OwnedDescriptor
    do {
      // Opening a pipe would wait for its other end.
      file = try OwnedDescriptor.open(path, O_RDONLY | O_NONBLOCK)
    } catch {
      if error.code == ENOENT { return .missing }
      throw error
    }
    var information = stat()
    if fstat(file.number, &information) != 0 { throw SystemError("fstat", subject: path) }
    guard information.st_mode & S_IFMT == S_IFREG else { return .notRegular }
    // Taken before the content: what is written meanwhile makes another stamp.
    let stamp = StoreStamp(information)
    return .file(try FileContents.read(file.number, limit: StoreDocument.limits.maxBytes), stamp)
  }

  /// Whether the file changed within the last second, so that somebody may be writing it.
  private var wasJustWritten: Bool {
    var information = stat()
    guard stat(path, &information) == 0 else { return true }
    return abs(time(nil) - information.st_mtim.tv_sec) <= 1
  }
}
