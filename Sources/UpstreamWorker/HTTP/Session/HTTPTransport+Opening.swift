import HTTPClient
import Platform
import Protocol

/// Opening sessions: the first one, and those that take the place of a lost one.
extension HTTPTransport {
  /// `opensEventStream`: the last session had one of 2024-11-05, so nothing else is tried before.
  func open(era: ProtocolRevision.Era?, opensEventStream: Bool = false) {
    handshake = HTTPHandshake(
      era: era, pin: launch.protocolVersion, allowStateless: launch.allowStateless, opensEventStream: opensEventStream)
    advance(.started)
  }

  /// The session is lost or superseded: opens another one, unless that is under way. Requests wait for it.
  func reopen(_ loss: SessionLoss) {
    guard !isOver, handshake == nil, let lost = session else { return }
    session = nil
    closeStreams()
    lost.isSuperseded = loss == .superseded
    closeIfUnused(lost)
    open(era: .legacy, opensEventStream: lost.eventStream != nil)
  }

  /// Feeds the handshake and does what it says.
  func advance(_ event: HTTPHandshake.Event) {
    guard !isOver, var handshake else { return }
    let actions = handshake.handle(event)
    self.handshake = handshake
    for action in actions where !isOver {
      switch action {
      case .post(let message): post(message)
      case .abandon:
        opening?.cancel()
        opening = nil
      case .startProbeTimer:
        probeTimer?.cancel()
        probeTimer = loop.schedule(after: discoverPatience) { [weak self] in self?.advance(.probeTimedOut) }
      case .stopProbeTimer: probeTimer?.cancel()
      case .openEventStream: openEventStream()
      case .established(let session): established(session)
      case .failed(let end): self.end(end)
      }
    }
  }

  // MARK: Messages

  private func post(_ message: HTTPHandshake.Message) {
    let plan: ExchangePlan
    switch message {
    case .discover:
      openingID = ids.next()
      plan = .post(
        url,
        RequestFields.modern(.newestModern, method: "server/discover", parameters: .emptyObject, headers: []),
        UpstreamRequest.discover(id: openingID, version: WarmplaneVersion.current))
    case .initialize(let revision):
      openingID = ids.next()
      plan = .post(
        openingStream?.endpoint ?? url, RequestFields.opening,
        UpstreamRequest.initialize(id: openingID, proposing: revision, version: WarmplaneVersion.current),
        isRequest: openingStream == nil)
    case .initialized:
      guard let candidate else { fatalError("a session was confirmed that was not opened") }
      plan = .post(
        candidate.endpoint, RequestFields.post(candidate),
        JSONRPCWriter.notification(method: "notifications/initialized"), isRequest: false,
        timeout: Self.notificationPatience)
    }
    let isAnswered = message == .initialized || openingStream != nil
    var handlers = UpstreamExchange.Handlers(end: { [weak self] in self?.openingEnded($0, isAnswered) })
    var sessionID: String?
    handlers.opened = { sessionID = HTTPSession.id(of: $0) }
    handlers.message = { [weak self] in self?.openingReceived($0, sessionID) }
    handlers.oversized = { [weak self] in self?.openingAnswered(.unusable("sent an answer that is too large")) }
    opening = UpstreamExchange(access, plan, handlers)
    opening?.start()
  }

  /// A message of the upstream while a session is being opened.
  func openingReceived(_ message: IncomingMessage, _ sessionID: String?) {
    switch message {
    case .result(openingID, let result):
      events.alive()
      // A session id comes with the answer to `initialize`; the other endpoint of 2024-11-05 has its own in its URL.
      candidate = nil
      if openingMethod == "initialize", let result,
        let revision = result.member("protocolVersion")?.string.flatMap({ ProtocolRevision(rawValue: $0) })
      {
        candidate = HTTPSession(
          revision: revision, id: openingStream == nil ? sessionID : nil,
          generation: opening?.authorization?.generation ?? 0, endpoint: openingStream?.endpoint ?? url)
        candidate?.eventStream = openingStream
      }
      openingAnswered(.result(result ?? .emptyObject, hasSession: sessionID != nil))
    case .error(let id, let error) where id == openingID || id == nil && openingStream == nil:
      events.alive()
      openingAnswered(
        .refused(
          HTTPHandshake.Refusal(
            status: 200, error: error, isOurs: true, sentence: "\(error.message) (code: \(error.code))")))
    case .unusable(openingID, let failure): openingAnswered(.unusable("sent an answer of no use: \(failure.detail)"))
    case .result, .error, .unusable, .foreign: break
    case .request, .notification, .noise: events.received(message, .unsolicited)
    }
  }

  private func openingAnswered(_ event: HTTPHandshake.Event) {
    opening?.release()
    opening = nil
    advance(event)
  }

  /// `isAnswered`: the exchange itself was to bring no answer.
  private func openingEnded(_ end: ExchangeEnd, _ isAnswered: Bool) {
    let wasSent = opening?.wasSent ?? false
    // Over the two endpoints of 2024-11-05, the answer to `initialize` comes later, by the stream.
    if case .complete = end, isAnswered, candidate == nil { return }
    opening = nil
    switch end {
    case .complete:
      advance(isAnswered ? .accepted : .unusable("closed its event stream before it had answered \(openingMethod)"))
    case .refused(let refused): advance(.refused(refusal(refused)))
    case .unusable(let detail): advance(.unusable(detail))
    case .tooLarge(let detail): advance(.unusable("sent an answer that is too large: \(detail)"))
    case .unauthorized(let failure, let refused): advance(.ended(failure.upstreamEnd(refused)))
    case .failed(let failure) where failure.reason == .broken && wasSent && openingMethod == "server/discover":
      // What it was asked may have been too much for it.
      advance(.unusable("closed the connection at server/discover"))
    case .failed(let failure): advance(.ended(UpstreamEnd(failure.detail)))
    case .superseded: break  // nothing is compared while a session is being opened
    }
  }

  func refusal(_ refused: ExchangeEnd.Refused) -> HTTPHandshake.Refusal {
    var refusal = HTTPHandshake.Refusal(
      status: refused.status, sentence: refused.sentence, retryAfter: refused.retryAfter)
    for case .error(let id, let error) in refused.messages.prefix(1) {
      refusal.error = error
      refusal.isOurs = id == openingID
    }
    return refusal
  }

  // MARK: Established

  private func established(_ established: Established) {
    handshake = nil
    probeTimer?.cancel()
    if let openedEra, openedEra != established.revision.era {
      // Requests that wait were built for the other one.
      return end(UpstreamEnd("speaks another generation of the protocol than before"))
    }
    openedEra = established.revision.era
    let session =
      candidate
      ?? HTTPSession(revision: established.revision, id: nil, generation: 0, endpoint: url)
    candidate = nil
    openingStream = nil
    self.session = session
    openStream(session, established)
    events.opened(established)
    let ids = waiting
    waiting = []
    for id in ids { if let run = runs[id] { dispatch(run) } }
  }
}
