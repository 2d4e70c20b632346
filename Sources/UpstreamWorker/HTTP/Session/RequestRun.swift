import HTTPClient
import Platform
import Protocol

/// A request of the link on its way over HTTP, through everything that may happen to it before it has an answer.
/// Loop-confined.
final class RequestRun {
  let request: OutgoingRequest
  /// The session that it was sent in last.
  var session: HTTPSession?
  var exchange: UpstreamExchange?
  var resumption = Resumption()
  var timer: Timer?
  /// It has reached the upstream by an exchange that is over, and may be executed there.
  var hasArrived = false
  /// The session was unknown to the upstream once, and the request was sent again in a new one.
  var wasRepeated = false
  /// Its deadline, for the link's own requests; operations have theirs in the link.
  var deadline: Timer?

  init(_ request: OutgoingRequest) { self.request = request }

  var mayHaveArrived: Bool { hasArrived || exchange?.wasSent ?? false }

  /// Nothing of it goes on. What the upstream does with it is another matter. `isAnswered`: nothing more is to come.
  func drop(isAnswered: Bool = false) {
    if isAnswered { exchange?.release() } else { exchange?.cancel() }
    exchange = nil
    timer?.cancel()
    deadline?.cancel()
  }
}
