package import Platform

/// HTTP/1.1 and HTTP/2 requests on an event loop, by libcurl, which is loaded with the first request. Loop-confined.
///
/// Connections are kept and used again. TLS certificates and names are always verified. Cookies, `.netrc`, HSTS and the
/// process's environment are never consulted. Dropping the client ends its exchanges as `close` does.
package final class HTTPClient {
  package struct Settings: Sendable {
    package var userAgent: String
    /// PEM file of authorities that are trusted beside the system's directory of authorities.
    package var authorityFile: String?
    /// Proxy variables, `name=value`; see `ProxyRule`.
    package var proxies: [String]
    /// Over TLS, servers may choose HTTP/2; false: HTTP/1.1, unless a request asks for HTTP/2 itself. Nil: where libcurl
    /// is good at it, see `CurlLibrary.takesEarlyAnswers`.
    package var offersHTTP2: Bool?
    /// Connections without a request that are kept.
    package var mostIdleConnections = 8
    /// Exchanges at once; further ones fail with `.busy`.
    package var mostExchanges = 256

    package init(userAgent: String, authorityFile: String? = nil, proxies: [String] = []) {
      self.userAgent = userAgent
      self.authorityFile = authorityFile
      self.proxies = proxies
    }
  }

  private let core: HTTPCore

  package init(loop: EventLoop, settings: Settings) { core = HTTPCore(loop: loop, settings: settings) }

  deinit { core.close() }

  /// Loads libcurl, which reads files, instead of leaving that to the first request. From any thread; a missing library
  /// is told by the requests.
  package static func loadLibrary() { try? CurlLibrary.load() }

  /// Begins an exchange. Whatever happens, also an error of the request itself, is told to the handlers later.
  @discardableResult
  package func start(_ request: HTTPRequest, _ handlers: HTTPHandlers) -> HTTPTransfer {
    core.start(request, handlers)
  }

  /// The whole answer to `request`, whose `bodyLimit` must be set. Cancelling the task cancels the exchange. To be
  /// called by an actor on the loop.
  package func fetch(
    _ request: HTTPRequest, isolation: isolated (any Actor)? = #isolation
  ) async throws(HTTPFailure) -> HTTPAnswer {
    guard request.bodyLimit != nil else { fatalError("HTTPClient.fetch needs a limit for the answer's body") }
    let collector = AnswerCollector()
    let loop = core.loop
    let result: Result<HTTPAnswer, HTTPFailure> = await withTaskCancellationHandler {
      // Captured, so that this closure stays on the caller's actor.
      _ = isolation
      return await withCheckedContinuation { continuation in
        collector.begin(core, request) { continuation.resume(returning: $0) }
      }
    } onCancel: {
      loop.perform { collector.cancel() }
    }
    return try result.get()
  }

  /// Ends every exchange with `.cancelled` before it returns, and closes all connections. Nothing is called afterwards;
  /// exchanges that are started later end with `.cancelled`, too.
  package func close() { core.close() }
}
