import Protocol
import Supervisor

/// Operations that an earlier daemon was asked for and whose clients have not come back yet. Pure.
struct AdoptedOperations {
  struct Entry {
    let id: OperationID
    let server: String
    let blob: OperationBlob
    /// How it ended; nil while the worker has it.
    var end: OperationEnd?
    /// Its client has said that it wants no answer, or is gone.
    fileprivate(set) var isUnwanted = false
  }

  private var entries: [OperationID: Entry] = [:]
  private var byOrigin: [RequestOrigin.Key: OperationID] = [:]
  /// Whose operations were here: as many as earlier daemons had under way. Workers may have forgotten them by now.
  private var known: Set<RequestOrigin.Key> = []

  var isEmpty: Bool { entries.isEmpty }

  /// Enters an operation that a worker has. False when nobody can ever ask for it.
  @discardableResult
  mutating func add(_ id: OperationID, server: String, _ blob: OperationBlob) -> Bool {
    guard blob.origin != nil || blob.keyed != nil else { return false }
    entries[id] = Entry(id: id, server: server, blob: blob)
    if let origin = blob.origin {
      byOrigin[origin] = id
      known.insert(origin)
    }
    return true
  }

  /// Notes the end of an operation that was entered before.
  mutating func noteEnd(_ id: OperationID, _ end: OperationEnd) { entries[id]?.end = end }

  /// Takes out the operation of a client that has come back.
  mutating func claim(_ origin: RequestOrigin.Key) -> Entry? { byOrigin[origin].flatMap { remove($0) } }

  /// The client wants no answer any more: it is not to be found by it. Nil when there is no such operation.
  mutating func disown(_ origin: RequestOrigin.Key) -> Entry? {
    guard let id = byOrigin.removeValue(forKey: origin) else { return nil }
    entries[id]?.isUnwanted = true
    return entries[id]
  }

  /// Whether an operation of this request was ever here.
  func knew(_ origin: RequestOrigin.Key) -> Bool { known.contains(origin) }

  @discardableResult
  mutating func remove(_ id: OperationID) -> Entry? {
    guard let entry = entries.removeValue(forKey: id) else { return nil }
    if let origin = entry.blob.origin, byOrigin[origin] == id { byOrigin[origin] = nil }
    return entry
  }

  subscript(id: OperationID) -> Entry? { entries[id] }

  /// Those with an idempotency key.
  var keyed: [OperationID] { entries.values.filter { $0.blob.keyed != nil }.map(\.id) }

  /// What this client has not come back for.
  func origins(of client: String) -> [RequestOrigin.Key] { byOrigin.keys.filter { $0.client == client } }

  /// Those of requests with this id that have not ended.
  func running(named requestID: String) -> [Entry] {
    entries.values.filter { $0.end == nil && $0.blob.requestID?.string == requestID }
  }
}
