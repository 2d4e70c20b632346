import Platform
import Protocol

/// What the front keeps for idempotency keys.
struct IdempotencyFront {
  var book = IdempotencyBook()
  /// Nil: keys are forgotten with this daemon.
  let keeper: (any IdempotencyKeeper)?
  let boot = BootID.current
  /// What earlier daemons kept, until the workers are known that may have the operations of it.
  var loaded: [KeptRecord]?
  /// The records of earlier daemons are judged. Until then no key can be answered.
  var isReady = false
  /// What waits for that.
  var waiting: [() -> Void] = []
  /// Outcomes that are not in the store yet.
  var receipts: [OperationID: OutcomeReceipt] = [:]
  var expiry: Timer?

  /// No operation with a key is under way or on its way to the disk.
  var isIdle: Bool { book.isIdle && receipts.isEmpty }

  init(keeper: (any IdempotencyKeeper)?) { self.keeper = keeper }
}
