import Protocol

/// One exchange under way, with the redirects that it follows. Loop-confined. Dropping it changes nothing.
package final class HTTPTransfer {
  enum BodyVerdict { case taken, held, refused }

  private(set) var request: HTTPRequest
  let body: PinnedBytes?
  /// Nil when the exchange is over.
  var core: HTTPCore?
  private var handlers: HTTPHandlers?

  /// Every URL of this exchange so far, the last one being the one that is asked.
  var visited: [HTTPURL]
  var easy: CurlEasy?
  var engine: CurlEngine?
  var reader = ResponseReader()
  var meter: BodyMeter
  var timers = ExchangeTimers()
  /// Set when the exchange ends before libcurl says so; the first reason counts.
  private(set) var failure: HTTPFailure?

  /// Whether a byte of the request may have reached a peer: the exchange cannot be repeated safely any more.
  package internal(set) var wasSent = false
  /// Of the present hop: the request was, or is being, written to a connection.
  var isWritten = false
  var isHeadComplete = false
  /// Of the present hop: the connection that the request was written to.
  var socket: Int32?
  /// The peer had closed the kept connection that was to be used.
  var hasStaleConnection = false
  /// Where the present answer redirects to; its body is dropped.
  var redirect: HTTPURL?
  var usesProxy = false
  /// An address was refused, and none was allowed.
  var hasForbiddenAddress = false
  var hasAllowedAddress = false
  private var isPaused = false
  /// libcurl keeps a piece of the body and waits for `resume`.
  private var isHeld = false

  init(_ request: HTTPRequest, _ handlers: HTTPHandlers, core: HTTPCore) {
    body = request.body.map { PinnedBytes($0) }
    self.request = request
    self.request.body = nil
    self.handlers = handlers
    self.core = core
    visited = [request.url]
    meter = BodyMeter(limit: request.bodyLimit)
  }

  /// Nothing is to be sent or told any more.
  var isOver: Bool { failure != nil || core == nil }

  var url: HTTPURL { visited[visited.count - 1] }

  // MARK: For users

  /// Ends the exchange with `.cancelled`, told to `onEnd` later. Idempotent; harmless after the end.
  package func cancel() { fail(.cancelled, "the request was cancelled") }

  /// No `onBytes` until `resume`. The peer is slowed down; one piece of what has arrived may wait in memory,
  /// decompressed. Over HTTP/2 a paused answer may hold back others on the same connection. The idle timeout stands
  /// still.
  package func pause() {
    isPaused = true
    if isHeadComplete { timers.suspendStall() }
  }

  package func resume() {
    guard isPaused else { return }
    isPaused = false
    core?.wantTurn(self)
  }

  // MARK: Turns

  /// What could not be done inside of a callback.
  func takeTurn() {
    guard core != nil else { return }
    if let failure { return finish(.failure(failure)) }
    if easy == nil {
      timers.startTotal(self)
      return begin()
    }
    if isPaused { return }
    if isHeld {
      isHeld = false
      if let easy, engine?.resume(easy) != true { fail(.broken, "cannot be read on") }
    }
    if isHeadComplete { timers.startStall(self, .idleTimeout) }
  }

  /// Ends the exchange soon. May be called anywhere.
  func fail(_ reason: HTTPFailure.Reason, _ detail: String) {
    if isOver { return }
    failure = HTTPFailure(reason, detail, wasSent: wasSent)
    core?.wantTurn(self)
  }

  /// Ends the exchange now. Not inside of a callback, except that of `HTTPCore.close`.
  func finish(_ result: Result<[HTTPField], HTTPFailure>) {
    guard let core, let handlers else { return }
    self.core = nil
    self.handlers = nil
    timers.stop()
    endHop()
    core.forget(self)
    handlers.onEnd(result)
  }

  func endHop() {
    if let easy { engine?.remove(easy) }
    easy = nil
    engine = nil
  }

  // MARK: From libcurl

  /// Hands on the final head.
  func deliver(_ head: HTTPResponseHead) {
    isHeadComplete = true
    handlers?.onHead(head)
    if !isPaused { timers.startStall(self, .idleTimeout) }
  }

  func received(body piece: UnsafeRawBufferPointer) -> BodyVerdict {
    guard !isOver, let easy else { return .refused }
    if redirect != nil {
      // A redirect's text is read to keep the connection, but not for long.
      return meter.take(piece.count, received: { piece.count }) == nil ? .taken : .refused
    }
    if isPaused {
      isHeld = true
      return .held
    }
    if let excess = meter.take(piece.count, received: { easy.receivedBytes }) {
      fail(.tooLarge, excess)
      return .refused
    }
    timers.noteProgress()
    handlers?.onBytes(piece)
    return .taken
  }
}
