import Supervisor
package import Transport

extension FrameConnection: DeliveryReceipt {
  /// A connection is closed before its client has everything only when the client has gone, or is given up for good: a
  /// hand-over closes none.
  package func hasDelivered(_ mark: Int) -> Bool { !isOpen || writtenBytes >= mark }

  /// Of what was sent last.
  var delivery: Delivery { .passedOn(self, mark: writtenBytes + queuedBytes) }
}
