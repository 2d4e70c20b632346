import Supervisor
package import Transport

extension FrameConnection: DeliveryReceipt {
  package func hasDelivered(_ mark: Int) -> Bool { !isOpen || writtenBytes >= mark }

  /// Of what was sent last.
  var delivery: Delivery { .passedOn(self, mark: writtenBytes + queuedBytes) }
}
