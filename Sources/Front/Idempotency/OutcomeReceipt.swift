import Supervisor

/// Tells when an outcome with an idempotency key is kept: only then may the worker forget it. Loop-confined.
final class OutcomeReceipt: DeliveryReceipt {
  /// The record is in the store, or is not wanted any more.
  var isKept = false
  private var client: (receipt: any DeliveryReceipt, mark: Int)?

  package func hasDelivered(_ mark: Int) -> Bool {
    isKept && client.map { $0.receipt.hasDelivered($0.mark) } ?? true
  }

  /// When it is kept, and its client has it too.
  func following(_ delivery: Delivery) -> Delivery {
    switch delivery {
    case .passedOn(let receipt, let mark): client = receipt.map { ($0, mark) }
    case .kept: return .kept
    }
    return .passedOn(self, mark: 0)
  }
}
