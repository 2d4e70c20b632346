import Glibc
import HTTPClient
import Platform
import Protocol

/// One HTTP exchange with the upstream: credentials, the request, its repetition with better credentials, and the answer
/// cut into messages. Loop-confined. It keeps itself alive until its end.
final class UpstreamExchange {
  /// Bytes of an error's body that are read.
  static let mostRefusalBytes = 1 << 20
  /// How long an error's body is waited for.
  private static let refusalPatience = Duration.seconds(5)
  /// Bytes of a body that nobody wants which are read all the same, to keep the connection.
  private static let mostDrainedBytes = 64 * 1024
  /// How long it is waited for the end of such a body.
  private static let drainPatience = Duration.milliseconds(500)
  /// Refusals of credentials in one exchange after which it is repeated: an upstream may want a nonce first (RFC 9449
  /// section 9), find the token too old, and then miss a scope.
  private static let mostRepetitions = 3

  /// What an exchange tells, on the loop and never inside `start` but for `admit`.
  struct Handlers {
    /// Whether the request may go out with these credentials.
    var admit: (Authorization) -> Bool = { _ in true }
    /// An answer that can be used begins.
    var opened: (HTTPResponseHead) -> Void = { _ in }
    var message: (IncomingMessage) -> Void = { _ in }
    /// An event that is no message.
    var event: (EventStreamDecoder.Event) -> Void = { _ in }
    /// An event was over the limit, and is gone.
    var oversized: () -> Void = {}
    /// How far the stream got: the last event id, empty without, and the delay it asked for.
    var mark: (String, Int?) -> Void = { _, _ in }
    /// Once, last; not after `cancel`.
    var end: (ExchangeEnd) -> Void
  }

  private let access: HTTPAccess
  private let plan: ExchangePlan
  private let handlers: Handlers
  private var transfer: HTTPTransfer?
  private(set) var authorization: Authorization?
  private var head: HTTPResponseHead?
  private var form = AnswerForm.refused
  private var body: [UInt8] = []
  private var decoder: EventStreamDecoder
  /// Our part of `HTTPAccess.heldBytes`.
  private var heldBytes = 0
  private var drainedBytes = 0
  /// Counts transfers: what an earlier one still tells is of no interest.
  private var attempt = 0
  private var patience: Timer?
  /// How often the upstream refused the credentials, and the authorizer was asked about it.
  private var denials = 0
  /// It did so last: the request was not executed.
  private var isDenied = false
  private var isOver = false

  init(_ access: HTTPAccess, _ plan: ExchangePlan, _ handlers: Handlers) {
    self.access = access
    self.plan = plan
    self.handlers = handlers
    decoder = EventStreamDecoder(limit: IncomingMessage.longest, lastEventID: plan.lastEventID)
  }

  /// Whether a byte of the request may have reached the upstream, and may have been executed.
  var wasSent: Bool { !isDenied && transfer?.wasSent ?? false }

  func start() {
    access.authorizer.authorize(method: plan.method, url: plan.url) { [self] result in
      if isOver { return }
      switch result {
      case .failure(let failure): endSoon(.unauthorized(failure, nil))
      case .success(let authorization):
        self.authorization = authorization
        if handlers.admit(authorization) { send(authorization) } else { endSoon(.superseded) }
      }
    }
  }

  private func send(_ authorization: Authorization) {
    var request = HTTPRequest(
      plan.method, plan.url, fields: access.fields.all(plan.fields, authorization.fields), body: plan.body)
    request.redirects = .sameOrigin
    request.totalTimeout = plan.timeout
    isDenied = false
    head = nil
    body = []
    attempt += 1
    let attempt = attempt
    transfer = access.client.start(
      request,
      HTTPHandlers(
        onHead: { [self] in if attempt == self.attempt { received($0) } },
        onBytes: { [self] in if attempt == self.attempt { received($0) } },
        onEnd: { [self] in if attempt == self.attempt { ended($0) } }))
  }

  /// Tells nothing any more. A stream that ends at once leaves its connection for the next request; one that stays open is
  /// closed.
  func release() {
    if isOver { return }
    close()
    drain()
  }

  private func drain() {
    let transfer = transfer
    patience = access.loop.schedule(after: Self.drainPatience) { transfer?.cancel() }
  }

  /// Stops, and tells nothing any more. Idempotent.
  func cancel() {
    close()
    transfer?.cancel()
  }

  // MARK: Answer

  private func received(_ head: HTTPResponseHead) {
    if let authorization { access.authorizer.received(head, authorization) }
    access.reachability.answered()
    if isOver { return }
    self.head = head
    form =
      plan.purpose == .stream
      ? AnswerForm(streamStatus: head.status, mediaType: head.mediaType)
      : AnswerForm(status: head.status, mediaType: head.mediaType, isRequest: plan.purpose == .request)
    switch form {
    case .json, .eventStream: handlers.opened(head)
    case .accepted:
      finish(.complete)
      drain()
    case .refused:
      patience = access.loop.schedule(after: Self.refusalPatience) { [weak self] in self?.refused(cutShort: true) }
    case .unusable(let detail):
      finish(.unusable(detail))
      transfer?.cancel()
    }
  }

  private func received(_ bytes: UnsafeRawBufferPointer) {
    if isOver {
      drainedBytes += bytes.count
      if drainedBytes > Self.mostDrainedBytes { transfer?.cancel() }
      return
    }
    switch form {
    case .eventStream: feed(bytes)
    case .json:
      body.append(contentsOf: bytes)
      if body.count > IncomingMessage.longest {
        give(up: "its answer is over \(IncomingMessage.longest) bytes")
      } else {
        noteHeld(body.count)
      }
    case .refused:
      body.append(contentsOf: bytes)
      if body.count > Self.mostRefusalBytes { refused(cutShort: true) }
    case .accepted, .unusable: break
    }
  }

  private func feed(_ bytes: UnsafeRawBufferPointer) {
    // Gathered first: a handler may end this exchange.
    var elements: [EventStreamDecoder.Element] = []
    decoder.feed(bytes) { elements.append($0) }
    for element in elements where !isOver {
      switch element {
      case .oversized: handlers.oversized()
      case .event(let event) where event.name == "message":
        for message in messages(event.data) where !isOver { handlers.message(message) }
      case .event(let event): handlers.event(event)
      }
    }
    if isOver { return }
    handlers.mark(decoder.lastEventID, decoder.retryMilliseconds)
    noteHeld(decoder.heldBytes)
  }

  /// So many bytes of this answer wait for the rest of it.
  private func noteHeld(_ bytes: Int) {
    access.heldBytes += bytes - heldBytes
    heldBytes = bytes
    if access.heldBytes > HTTPAccess.mostHeldBytes {
      give(up: "the answers under way are over \(HTTPAccess.mostHeldBytes) bytes together")
    }
  }

  private func give(up detail: String) {
    finish(.tooLarge(detail))
    transfer?.cancel()
  }

  private func ended(_ result: Result<[HTTPField], HTTPFailure>) {
    if isOver {
      patience?.cancel()
      return
    }
    switch (result, form) {
    case (_, .refused) where head != nil: refused(cutShort: false)
    case (.failure(let failure), _):
      finish(failure.reason == .tooLarge ? .tooLarge(failure.detail) : .failed(failure))
    case (.success, .json):
      for message in messages(body) where !isOver { handlers.message(message) }
      if !isOver { finish(.unusable("sent JSON that is no answer to the request")) }
    case (.success, _): finish(.complete)
    }
  }

  /// The body of an error status is here, or as much of it as is waited for.
  private func refused(cutShort: Bool) {
    patience?.cancel()
    guard !isOver, let head, let authorization else { return }
    if cutShort { transfer?.cancel() }
    let isDenial = head.status == 401 || head.status == 403 && head.fields.first("www-authenticate") != nil
    guard isDenial else { return finish(.refused(refusal(head))) }
    denials += 1
    isDenied = true
    let refusal = refusal(head)
    let isLast = denials > Self.mostRepetitions
    attempt += 1
    access.authorizer.refused(head, authorization, isLast: isLast) { [self] verdict in
      if isOver { return }
      switch verdict {
      case .repeatRequest where isLast: endSoon(.refused(refusal))
      case .repeatRequest: start()
      case .final(let failure): endSoon(.unauthorized(failure, refusal))
      }
    }
  }

  private func refusal(_ head: HTTPResponseHead) -> ExchangeEnd.Refused {
    ExchangeEnd.Refused(
      status: head.status, messages: body.count > Self.mostRefusalBytes ? [] : messages(body),
      sentence: excerpt.sentence(status: head.status, body),
      retryAfter: RetryAfter.parse(head.fields.first("retry-after"), now: time(nil)))
  }

  /// The messages in `bytes`; what goes into sentences of ours is without what the upstream may have repeated of the request.
  private func messages(_ bytes: [UInt8]) -> [IncomingMessage] {
    IncomingMessage.read(bytes).map { message in
      switch message {
      case .error(let id, var error):
        error.message = excerpt.hidden(error.message)
        return .error(id: id, error)
      case .noise(let text): return .noise(excerpt.hidden(text))
      default: return message
      }
    }
  }

  private var excerpt: BodyExcerpt { access.excerpt(authorization, sessionID: plan.sessionID) }

  // MARK: End

  /// Later in this turn: not from within `start`.
  private func endSoon(_ end: ExchangeEnd) {
    access.loop.atEndOfTurn { [self] in if !isOver { finish(end) } }
  }

  private func finish(_ end: ExchangeEnd) {
    close()
    handlers.end(end)
  }

  private func close() {
    isOver = true
    patience?.cancel()
    access.heldBytes -= heldBytes
    heldBytes = 0
    body = []
  }
}
