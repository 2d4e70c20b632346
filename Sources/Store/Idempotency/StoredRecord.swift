/// What is remembered of one operation that was asked for with an idempotency key: what the key stands for, and how the
/// operation ended. The arguments and whoever asked are not in it.
package struct StoredRecord: Sendable, Equatable {
  /// Who asked, and the key that they chose.
  package struct Key: Sendable, Hashable {
    package let principal: String
    package let text: String

    package init(principal: String, text: String) {
      self.principal = principal
      self.text = text
    }
  }

  package struct Outcome: Sendable, Equatable {
    /// Milliseconds since 1970.
    package var finishedAt: Int64
    /// The reader's own text; its bytes are never touched.
    package var result: [UInt8]

    package init(finishedAt: Int64, result: [UInt8]) {
      self.finishedAt = finishedAt
      self.result = result
    }
  }

  package var key: Key
  /// Digest of what the key stands for.
  package var binding: String
  /// The kind of catalog entry, and its public id.
  package var kind: String
  package var entry: String
  package var server: String
  /// The operation's id towards the worker.
  package var operation: String
  /// The boot of the machine in which `askedAt` counts.
  package var boot: String
  /// Just before the operation went to its worker, in nanoseconds of the monotonic clock.
  package var askedAt: Int64
  /// Milliseconds since 1970.
  package var createdAt: Int64
  /// Nil while it is not known how the operation ends.
  package var outcome: Outcome?

  package init(
    key: Key, binding: String, kind: String, entry: String, server: String, operation: String, boot: String,
    askedAt: Int64, createdAt: Int64, outcome: Outcome? = nil
  ) {
    self.key = key
    self.binding = binding
    self.kind = kind
    self.entry = entry
    self.server = server
    self.operation = operation
    self.boot = boot
    self.askedAt = askedAt
    self.createdAt = createdAt
    self.outcome = outcome
  }

  /// Over all members.
  var checksum: Int64 {
    var checksum = RowChecksum()
    for text in [key.principal, key.text, binding, kind, entry, server, operation, boot] { checksum.add(text) }
    checksum.add(askedAt)
    checksum.add(createdAt)
    checksum.add(outcome?.finishedAt)
    checksum.add(outcome?.result)
    return checksum.value
  }
}
