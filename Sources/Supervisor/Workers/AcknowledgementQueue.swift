import Protocol

/// Answers of one worker that were passed on and not acknowledged to it yet, oldest first. Loop-confined.
struct AcknowledgementQueue {
  private struct Entry {
    let operation: OperationID
    let receipt: (any DeliveryReceipt)?
    let mark: Int
  }

  private var entries: [Entry] = []

  var count: Int { entries.count }
  var isEmpty: Bool { entries.isEmpty }

  mutating func add(_ operation: OperationID, _ receipt: (any DeliveryReceipt)?, mark: Int) {
    entries.append(Entry(operation: operation, receipt: receipt, mark: mark))
  }

  /// Takes out the operations whose answers have left this process.
  mutating func takeDelivered() -> [OperationID] {
    guard !entries.isEmpty else { return [] }
    var delivered: [OperationID] = []
    delivered.reserveCapacity(entries.count)
    entries.removeAll { entry in
      guard entry.receipt?.hasDelivered(entry.mark) ?? true else { return false }
      delivered.append(entry.operation)
      return true
    }
    return delivered
  }
}
