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
  }

  private var entries: [OperationID: Entry] = [:]
  private var byOrigin: [RequestOrigin.Key: OperationID] = [:]

  var isEmpty: Bool { entries.isEmpty }

  /// Enters an operation that a worker has. False when nobody can ever ask for it.
  @discardableResult
  mutating func add(_ id: OperationID, server: String, _ blob: OperationBlob) -> Bool {
    guard blob.origin != nil || blob.keyed != nil else { return false }
    entries[id] = Entry(id: id, server: server, blob: blob)
    if let origin = blob.origin { byOrigin[origin] = id }
    return true
  }

  /// Notes the end of an operation that was entered before.
  mutating func noteEnd(_ id: OperationID, _ end: OperationEnd) { entries[id]?.end = end }

  /// Takes out the operation of a client that has come back.
  mutating func claim(_ origin: RequestOrigin.Key) -> Entry? { byOrigin[origin].flatMap { remove($0) } }

  @discardableResult
  mutating func remove(_ id: OperationID) -> Entry? {
    guard let entry = entries.removeValue(forKey: id) else { return nil }
    if let origin = entry.blob.origin, byOrigin[origin] == id { byOrigin[origin] = nil }
    return entry
  }

  subscript(id: OperationID) -> Entry? { entries[id] }

  /// Those with an idempotency key.
  var keyed: [OperationID] { entries.values.filter { $0.blob.keyed != nil }.map(\.id) }

  /// Those of requests with this id that have not ended.
  func running(named requestID: String) -> [OperationID] {
    entries.values.filter { $0.end == nil && $0.blob.requestID?.string == requestID }.map(\.id)
  }
}
