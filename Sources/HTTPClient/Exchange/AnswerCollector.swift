/// Puts the pieces of one answer together for `HTTPClient.fetch`.
///
/// Guard of the unchecked `Sendable`: everything is touched on the loop's thread only; `fetch` runs there, and its
/// cancellation goes through `EventLoop.perform`.
final class AnswerCollector: @unchecked Sendable {
  private var transfer: HTTPTransfer?
  private var head: HTTPResponseHead?
  private var body: [UInt8] = []

  func begin(
    _ core: HTTPCore, _ request: HTTPRequest, _ completion: @escaping (Result<HTTPAnswer, HTTPFailure>) -> Void
  ) {
    transfer = core.start(
      request,
      HTTPHandlers(
        onHead: { self.head = $0 },
        onBytes: { self.body.append(contentsOf: $0) },
        onEnd: { result in
          self.transfer = nil
          completion(
            result.flatMap { trailers in
              // A complete answer has a head; libcurl would have failed otherwise.
              guard let head = self.head else {
                return .failure(HTTPFailure(.broken, "sent an answer without a head", wasSent: true))
              }
              return .success(HTTPAnswer(head: head, body: self.body, trailers: trailers))
            })
        }))
  }

  func cancel() { transfer?.cancel() }
}
