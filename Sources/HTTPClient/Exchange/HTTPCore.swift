import Platform
import Protocol

/// What a client and its exchanges share: settings, the exchanges under way, and what has to be done outside of
/// libcurl's callbacks. Loop-confined. It lives until `close`.
final class HTTPCore {
  let loop: EventLoop
  let settings: HTTPClient.Settings
  let proxies: ProxyRule
  private var engine: CurlEngine?
  private var active: [ObjectIdentifier: HTTPTransfer] = [:]
  /// Exchanges that want their turn outside of callbacks.
  private var due: [HTTPTransfer] = []
  private var isFlushScheduled = false
  private var isClosed = false

  init(loop: EventLoop, settings: HTTPClient.Settings) {
    self.loop = loop
    self.settings = settings
    proxies = ProxyRule(variables: settings.proxies)
  }

  func start(_ request: HTTPRequest, _ handlers: HTTPHandlers) -> HTTPTransfer {
    let transfer = HTTPTransfer(request, handlers, core: self)
    if isClosed {
      transfer.fail(.cancelled, "the client was closed")
    } else if active.count >= settings.mostExchanges {
      transfer.fail(.busy, "has \(active.count) requests under way, which is the limit")
    }
    active[ObjectIdentifier(transfer)] = transfer
    wantTurn(transfer)
    return transfer
  }

  /// Calls `transfer.takeTurn()` soon, outside of every callback.
  func wantTurn(_ transfer: HTTPTransfer) {
    due.append(transfer)
    if isFlushScheduled { return }
    isFlushScheduled = true
    loop.atEndOfTurn { self.flush() }
  }

  private func flush() {
    isFlushScheduled = false
    let turns = due
    due = []
    for transfer in turns { transfer.takeTurn() }
  }

  func forget(_ transfer: HTTPTransfer) { active[ObjectIdentifier(transfer)] = nil }

  /// The library, loaded now if it was not before.
  func readyEngine() throws(HTTPFailure) -> CurlEngine {
    if let engine { return engine }
    let engine = try CurlEngine(loop: loop, mostIdleConnections: settings.mostIdleConnections)
    self.engine = engine
    return engine
  }

  func close() {
    if isClosed { return }
    isClosed = true
    for transfer in Array(active.values) {
      transfer.finish(.failure(HTTPFailure(.cancelled, "the client was closed", wasSent: transfer.wasSent)))
    }
    engine?.close()
    engine = nil
  }
}
