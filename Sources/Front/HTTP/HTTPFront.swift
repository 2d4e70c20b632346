import Protocol

/// The way of a request from the server to the sink: guard, route, body. What is refused on the way is answered here:
/// with a failure envelope, or, below the paths of MCP, with a JSON-RPC error. Loop-confined.
package final class HTTPFront {
  /// Who takes the requests of MCP's endpoints.
  package struct MCPAccess {
    /// `/` is an endpoint, too, and there is nothing else.
    let isOwnPort: Bool
    /// MCP is served; else its paths are refused.
    let isServed: () -> Bool
    /// Must answer the exchange, now or later. Called on the loop; nothing of the body was looked at.
    let handle: (MCPRoute, HTTPExchange) -> Void

    package init(
      isOwnPort: Bool, isServed: @escaping () -> Bool, handle: @escaping (MCPRoute, HTTPExchange) -> Void
    ) {
      self.isOwnPort = isOwnPort
      self.isServed = isServed
      self.handle = handle
    }
  }

  private let requestGuard: RequestGuard
  private let traceID: (HTTPExchange) -> String
  private let sink: any HTTPRequestSink
  private let mcp: MCPAccess?

  /// `traceID` gives the trace id of a refused request; it may read the request's `traceparent`.
  package init(
    requestGuard: RequestGuard, traceID: @escaping (HTTPExchange) -> String, sink: any HTTPRequestSink,
    mcp: MCPAccess? = nil
  ) {
    self.requestGuard = requestGuard
    self.traceID = traceID
    self.sink = sink
    self.mcp = mcp
  }

  /// The handler for `HTTPServer`.
  package func receive(_ exchange: HTTPExchange) {
    let verdict = requestGuard.check(exchange.head, port: exchange.serverPort)
    if let mcp {
      do throws(OperationFailure) {
        if let route = try MCPRoute.parse(exchange.head, atRoot: mcp.isOwnPort) {
          guard mcp.isServed() else { throw mcp.isOwnPort ? MCPRoute.unknown : MCPRoute.notServed }
          return receive(exchange, verdict, { mcp.handle(route, exchange) }, isMCP: true)
        }
        if mcp.isOwnPort { throw MCPRoute.unknown }
      } catch {
        return receive(exchange, verdict, { exchange.refuse(MCPHTTPRefusal(error)) }, isMCP: true)
      }
    }
    receive(exchange, verdict, { self.receiveV1(exchange) }, isMCP: false)
  }

  private func receive(
    _ exchange: HTTPExchange, _ verdict: RequestGuard.Verdict, _ goOn: () -> Void, isMCP: Bool
  ) {
    switch verdict {
    case .refused(let failure):
      if isMCP { exchange.refuse(MCPHTTPRefusal(failure)) } else { refuse(exchange, failure) }
    case .preflight(let origin):
      exchange.listedOrigin = origin
      exchange.respond(
        status: 204, headers: isMCP ? Self.mcpPreflight(exchange) : Self.preflight, contentType: nil)
    case .admitted(let origin):
      exchange.listedOrigin = origin
      if isMCP { exchange.exposedHeaders = Self.mcpExposed }
      goOn()
    }
  }

  private func receiveV1(_ exchange: HTTPExchange) {
    do throws(OperationFailure) {
      if let failure = sink.admit(exchange) { throw failure }
      let route = try V1Route.parse(exchange.head)
      if let failure = bodyFailure(of: exchange, route) { throw failure }
      sink.handle(route, exchange)
    } catch {
      refuse(exchange, error)
    }
  }

  // Without these a browser does not send a request with a JSON body (Fetch, CORS-preflight fetch).
  private static let preflight = [
    (name: "access-control-allow-methods", value: "GET, HEAD, POST"),
    (
      name: "access-control-allow-headers",
      value: "content-type, idempotency-key, traceparent, x-idempotency-key, x-warmplane-profile"
    ),
  ]

  private static let mcpHeaders =
    "accept, content-type, last-event-id, mcp-method, mcp-name, mcp-protocol-version, mcp-session-id, traceparent, "
    + "x-warmplane-profile"
  private static let mcpExposed = "mcp-session-id, www-authenticate"
  /// Headers for arguments that one preflight may ask for.
  private static let mostParameters = 64

  /// As for `/v1`; headers for arguments have names that only the tool's server knows, so that those are allowed which are
  /// asked for.
  private static func mcpPreflight(_ exchange: HTTPExchange) -> [(name: String, value: String)] {
    let asked = exchange.headers("access-control-request-headers")
      .flatMap { $0.lowercased().split(whereSeparator: { $0 == "," || $0 == " " }) }
      .filter { $0.hasPrefix("mcp-param-") && HeaderText.isToken(String($0)) }
    return [
      (name: "access-control-allow-methods", value: "GET, POST, DELETE"),
      (
        name: "access-control-allow-headers",
        value: ([mcpHeaders] + asked.prefix(mostParameters).map(String.init)).joined(separator: ", ")
      ),
    ]
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
