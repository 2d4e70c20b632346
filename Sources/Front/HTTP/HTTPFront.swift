import Protocol

/// The way of a request from the server to the sink: guard, route, body. What is refused on the way is answered here
/// with a failure envelope. Loop-confined.
package final class HTTPFront {
  private let requestGuard: RequestGuard
  private let traceID: (HTTPExchange) -> String
  private let sink: any HTTPRequestSink

  /// `traceID` gives the trace id of a refused request; it may read the request's `traceparent`.
  package init(
    requestGuard: RequestGuard, traceID: @escaping (HTTPExchange) -> String, sink: any HTTPRequestSink
  ) {
    self.requestGuard = requestGuard
    self.traceID = traceID
    self.sink = sink
  }

  /// The handler for `HTTPServer`.
  package func receive(_ exchange: HTTPExchange) {
    switch requestGuard.check(exchange.head, port: exchange.serverPort) {
    case .refused(let failure):
      refuse(exchange, failure)
    case .preflight(let origin):
      exchange.listedOrigin = origin
      // Without these two a browser does not send a request with a JSON body (Fetch, CORS-preflight fetch).
      exchange.respond(
        status: 204,
        headers: [
          (name: "access-control-allow-methods", value: "GET, HEAD, POST"),
          (
            name: "access-control-allow-headers",
            value: "content-type, idempotency-key, traceparent, x-idempotency-key, x-warmplane-profile"
          ),
        ], contentType: nil)
    case .admitted(let origin):
      exchange.listedOrigin = origin
      do throws(OperationFailure) {
        let route = try V1Route.parse(exchange.head)
        if let failure = bodyFailure(of: exchange, route) { throw failure }
        sink.handle(route, exchange)
      } catch {
        refuse(exchange, error)
      }
    }
  }

  private func bodyFailure(of exchange: HTTPExchange, _ route: V1Route) -> OperationFailure? {
    if exchange.isBodyTooLarge {
      return OperationFailure(
        status: 413, code: .invalidArgs, message: "The body is longer than maxBodyBytes allows.",
        reason: "body_too_large")
    }
    return route.hasBody ? requestGuard.checkContentType(exchange.head) : nil
  }

  private func refuse(_ exchange: HTTPExchange, _ failure: OperationFailure) {
    exchange.respond(failure, traceID: traceID(exchange))
  }
}
