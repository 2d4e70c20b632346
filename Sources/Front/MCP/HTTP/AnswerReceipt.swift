import Supervisor

/// Tells when the answer to a request of a session has reached a client that may come back for it: only then may the
/// worker forget it. Loop-confined.
final class AnswerReceipt: DeliveryReceipt {
  /// Nobody will ever get it: the session has ended, or the answer is forgotten.
  var isPointless = false
  private var place: (receipt: any DeliveryReceipt, mark: Int)?
  private var stream: (body: HTTPBodyStream, mark: Int)?

  /// It is on its way there.
  func follow(_ receipt: any DeliveryReceipt, mark: Int) {
    if let body = receipt as? HTTPBodyStream {
      stream = (body, mark)
      place = nil
    } else {
      place = (receipt, mark)
    }
  }

  package func hasDelivered(_ mark: Int) -> Bool {
    if isPointless { return true }
    // A stream that broke off has delivered what was taken from it, and nothing else.
    if let stream { return stream.body.takenBytes >= stream.mark }
    return place.map { $0.receipt.hasDelivered($0.mark) } ?? false
  }
}
