/// The sessions of HTTP clients.
extension Store {
  /// Reads all sessions and calls `done` with them on the store's thread, once. False when that cannot be queued.
  package func loadSessions(_ done: @escaping @Sendable ([StoredSession]) -> Void) -> Bool {
    read(done) { $0.loadSessions() }
  }

  /// Remembers a session as it is now; its parts stay as they are. `done` as in `removeSessions`.
  package func saveSession(_ session: StoredSession, _ done: @escaping @Sendable () -> Void = {}) {
    let isOpen = take { $0.sessions.append(SessionChange(kind: .save(session), done: done)) }
    if !isOpen { done() }
  }

  /// Remembers parts of a session, and forgets others. `done` as in `removeSessions`.
  package func saveParts(
    _ parts: [StoredSession.Part], removing names: [String], of session: String,
    _ done: @escaping @Sendable () -> Void = {}
  ) {
    let isOpen = take {
      $0.sessions.append(SessionChange(kind: .saveParts(parts, removing: names, of: session), done: done))
    }
    if !isOpen { done() }
  }

  /// Forgets these sessions. `done` is called on the store's thread, or at once, when that is in the file, and everything
  /// that was asked for before; or when it cannot be.
  package func removeSessions(_ ids: [String], _ done: @escaping @Sendable () -> Void = {}) {
    let isOpen = take { $0.sessions.append(SessionChange(kind: .remove(ids), done: done)) }
    if !isOpen { done() }
  }
}
