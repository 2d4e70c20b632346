import Supervisor

/// Tells when the answer to a request of a session has reached a client that may come back for it: only then may the
/// worker forget it. Loop-confined.
final class AnswerReceipt: DeliveryReceipt {
  /// Nobody will ever get it: the session has ended, or the answer is forgotten.
  var isPointless = false
  private var place = Place.none

  private enum Place {
    case none
    case whole(any DeliveryReceipt)
    case events(any EventBody, mark: Int)
  }

  /// It is the answer on a connection, which nobody can come back for.
  func follow(_ connection: any MCPConnection) { place = .whole(connection) }

  /// It is in a stream, and ends at this place.
  func follow(_ body: any EventBody, mark: Int) { place = .events(body, mark: mark) }

  package func hasDelivered(_ mark: Int) -> Bool {
    if isPointless { return true }
    switch place {
    case .none: return false
    case .whole(let receipt): return receipt.hasDelivered(0)
    // A stream that broke off has delivered what was sent of it, and nothing else.
    case .events(let body, let mark): return body.sentBytes >= mark
    }
  }
}
