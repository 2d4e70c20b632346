/// What is kept of one key over restarts.
package struct KeptRecord: Sendable, Equatable {
  package var principal: String
  package var key: String
  /// Digest of what the key stands for.
  package var binding: String
  package var kind: String
  package var entry: String
  package var server: String
  package var operation: String
  /// The boot in which `askedAt` counts.
  package var boot: String
  /// Just before the operation went to its worker, nanoseconds of the monotonic clock.
  package var askedAt: Int64
  /// Milliseconds since 1970.
  package var createdAt: Int64
  /// Milliseconds since 1970; nil while the outcome is not known.
  package var finishedAt: Int64?
  /// The outcome (`KeptResult`).
  package var result: [UInt8]?

  package init(
    principal: String, key: String, binding: String, kind: String, entry: String, server: String, operation: String,
    boot: String, askedAt: Int64, createdAt: Int64, finishedAt: Int64? = nil, result: [UInt8]? = nil
  ) {
    self.principal = principal
    self.key = key
    self.binding = binding
    self.kind = kind
    self.entry = entry
    self.server = server
    self.operation = operation
    self.boot = boot
    self.askedAt = askedAt
    self.createdAt = createdAt
    self.finishedAt = finishedAt
    self.result = result
  }
}

/// Keeps the records of idempotency keys over restarts. Nothing blocks its caller.
package protocol IdempotencyKeeper: Sendable {
  /// Calls `done` with everything that is kept, once, anywhere; never when it cannot be read in time.
  func loadRecords(_ done: @escaping @Sendable ([KeptRecord]) -> Void)
  /// Calls `done` once, anywhere: whether the record is kept. A record without an outcome must survive a power cut.
  func saveRecord(_ record: KeptRecord, _ done: @escaping @Sendable (Bool) -> Void)
  func removeRecords(_ keys: [(principal: String, key: String)])
}
