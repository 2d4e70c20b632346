import Glibc
import OAuth

/// Changes of one key.
enum StoreWriter {
  /// Sets the access token to `count`, with a refresh token whose length depends on it: the file becomes longer and
  /// shorter. Ends the process when that fails.
  static func change(_ store: CredentialStore, _ key: String, to count: Int) {
    do {
      try store.update(key) { entry in
        var changed = entry ?? StoreEntry()
        changed.tokens = StoredTokens(
          accessToken: String(count), refreshToken: String(repeating: "r", count: count % 7 * 700))
        entry = changed
      }
    } catch {
      print("change \(count) failed: \(error)")
      exit(3)
    }
  }

  /// What the last change of `key` was; 0 when there was none.
  static func count(in snapshot: CredentialSnapshot, _ key: String) -> Int? {
    guard let tokens = snapshot.entry(key)?.tokens else { return 0 }
    guard let count = Int(tokens.accessToken), tokens.refreshToken?.utf8.count == count % 7 * 700 else { return nil }
    return count
  }
}
