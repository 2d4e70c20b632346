/// What became of an answer that the supervisor passed on.
package enum Delivery {
  /// It is on its way to whoever asked, or nobody waits for it: the worker may forget it once `receipt` says that the
  /// first `mark` bytes have left this process. Nil: at once.
  case passedOn((any DeliveryReceipt)?, mark: Int)
  /// Whoever asked has not come back yet. The worker keeps it until `acknowledge` is called.
  case kept

  package static var done: Delivery { .passedOn(nil, mark: 0) }
}

/// Tells when bytes for a client have left this process: only then may the worker forget the answer that they carry, for
/// a daemon that dies before has delivered nothing. Loop-confined.
package protocol DeliveryReceipt: AnyObject {
  /// Whether the kernel has taken everything up to `mark`, or the client is gone.
  func hasDelivered(_ mark: Int) -> Bool
}
