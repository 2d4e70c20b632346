import Platform
import Protocol

/// An operation's key and what it stands for. A reference, because operations are copied and few have a key.
/// Loop-confined.
final class KeyedRequest {
  let key: IdempotencyKey
  /// Of everything that must be the same when the key is used again: kind, public id, arguments.
  let binding: ContentDigest
  /// Runs while the operation waits for something of ours: the first outcome, or the disk.
  var timer: Timer?

  init(_ key: IdempotencyKey, _ kind: EntryKind, id: String, payload: JSONSlice?) {
    self.key = key
    var builder = ContentDigest.Builder()
    builder.add(part: Array(kind.rawValue.utf8))
    builder.add(part: Array(id.utf8))
    // White space says nothing; the order of members may, and nobody here can know.
    builder.add(part: payload.flatMap { $0.isNull ? nil : $0.compacted() } ?? [])
    binding = builder.digest
  }
}
