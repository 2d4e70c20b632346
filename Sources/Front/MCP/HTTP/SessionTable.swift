import Platform
import Protocol

/// The sessions of HTTP clients by their ids (mcp-checklist SRV-41 to SRV-43, SRV-53). Pure.
///
/// An id is no proof of anything: a session belongs to whoever opened it, and to everybody else it does not exist.
struct SessionTable<Session> {
  struct Limits: Sendable {
    var idle = Duration.seconds(1800)
    var sessions = 10_000
  }

  private struct Entry {
    let owner: String
    let session: Session
    var used: MonotonicTime
  }

  var limits: Limits
  private var entries: [String: Entry] = [:]

  init(_ limits: Limits = Limits()) { self.limits = limits }

  var count: Int { entries.count }
  var isFull: Bool { entries.count >= limits.sessions }
  var sessions: some Collection<Session> { entries.values.lazy.map(\.session) }

  /// 128 bits of the system's random numbers as 32 hexadecimal digits: all of them visible ASCII.
  static func freshID() -> String { OperationID.random().description }

  /// Enters a session. False when there are as many as may be, or the id is in use. `unusedQuarters`: as it is known from an
  /// earlier daemon.
  mutating func add(
    _ session: Session, id: String, owner: String, at now: MonotonicTime, unusedQuarters: Int = 0
  ) -> Bool {
    guard !isFull, entries[id] == nil else { return false }
    let unused = limits.idle / 4 * min(max(0, unusedQuarters), Self.mostQuarters)
    entries[id] = Entry(owner: owner, session: session, used: now + unused * -1)
    return true
  }

  /// For how many whole quarters of `limits.idle` nobody has used the session: what is worth keeping of its last use.
  func unusedQuarters(of id: String, at now: MonotonicTime) -> Int {
    guard let entry = entries[id] else { return 0 }
    return (1...Self.mostQuarters).last { entry.used + limits.idle / 4 * $0 <= now } ?? 0
  }

  private static var mostQuarters: Int { 3 }

  /// The session of `owner` with this id, which is in use from now on; nil for all others.
  mutating func use(_ id: String, owner: String, at now: MonotonicTime) -> Session? {
    guard let entry = entries[id], entry.owner == owner else { return nil }
    entries[id]?.used = now
    return entry.session
  }

  /// For our own purposes: nobody uses it by that.
  subscript(id: String) -> Session? { entries[id]?.session }

  @discardableResult
  mutating func remove(_ id: String) -> Session? { entries.removeValue(forKey: id)?.session }

  /// Takes out the sessions that nobody used for `limits.idle`. Those for which `isBusy` says so count as used now.
  mutating func expire(at now: MonotonicTime, isBusy: (Session) -> Bool) -> [Session] {
    var expired: [Session] = []
    for (id, entry) in entries {
      if isBusy(entry.session) {
        entries[id]?.used = now
      } else if entry.used + limits.idle < now {
        expired.append(entry.session)
        entries[id] = nil
      }
    }
    return expired
  }
}
