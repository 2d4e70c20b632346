/// What is kept of a session over restarts.
package struct KeptSession: Sendable, Equatable {
  package var id: String
  package var owner: String
  /// JSON: revision, scope, exposure, the client's name, its log level.
  package var content: [UInt8]
  /// JSON, one for each resource that the client has subscribed.
  package var parts: [[UInt8]]

  package init(id: String, owner: String, content: [UInt8], parts: [[UInt8]] = []) {
    self.id = id
    self.owner = owner
    self.content = content
    self.parts = parts
  }
}

/// Keeps the sessions of HTTP clients over restarts. Nothing blocks its caller.
package protocol SessionKeeper: Sendable {
  /// Calls `done` with everything that is kept, once, anywhere; with nothing when it cannot be read.
  func loadSessions(_ done: @escaping @Sendable ([KeptSession]) -> Void)
  /// Calls `done` once, anywhere, when it is kept, or cannot be. What is kept of its parts stays.
  func saveSession(_ session: KeptSession, _ done: @escaping @Sendable () -> Void)
  /// Keeps parts of a session, and forgets those of other names. `done` as for `saveSession`, and not before the `done` of
  /// what was asked for earlier.
  func saveParts(
    _ parts: [(name: String, content: [UInt8])], removing names: [String], of session: String,
    _ done: @escaping @Sendable () -> Void)
  /// Calls `done` once, anywhere, when they are forgotten.
  func removeSessions(_ ids: [String], _ done: @escaping @Sendable () -> Void)
}
