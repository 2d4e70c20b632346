import HTTPClient
import Platform
import Protocol

/// What the upstream tells without being asked: a GET stream, `subscriptions/listen`, or the event stream of 2024-11-05.
extension HTTPTransport {
  /// Opens the stream that belongs to a session, if there is one. Many upstreams have none, which is fine.
  func openStream(_ session: HTTPSession, _ established: Established) {
    closeStreams()
    openedSession = established
    if session.eventStream != nil { return }
    if session.revision.era == .modern {
      perform(listens.want(Subscription(established, resources: resources)))
    } else if launch.allowStateless != true {
      stream = standingStream(session, message: { [weak self] in self?.told($0, .unsolicited) }) {
        [weak self] lastEventID, handlers in
        self.map { UpstreamExchange($0.access, .stream(session.endpoint, session, lastEventID: lastEventID), handlers) }
      }
      stream?.open()
    }
  }

  func closeStreams() {
    stream?.stop()
    stream = nil
    for stream in listenStreams.values { stream.stop() }
    listenStreams = [:]
    listens = ListenSwitch()
  }

  func listen(to resources: [String]) {
    self.resources = resources
    guard let openedSession, openedSession.revision.era == .modern, session != nil, !isOver else { return }
    perform(listens.want(Subscription(openedSession, resources: resources)))
  }

  private func standingStream(
    _ session: HTTPSession, message: @escaping (IncomingMessage) -> Void, refused: @escaping () -> Void = {},
    opened: @escaping () -> Void = {},
    _ exchange: @escaping (String, UpstreamExchange.Handlers) -> UpstreamExchange?
  ) -> StandingStream {
    StandingStream(
      loop: loop, canResume: session.revision.era == .legacy, hasSession: session.id != nil,
      handlers: StandingStream.Handlers(
        exchange: { lastEventID, told in
          var told = told
          told.admit = { session.admits($0) }
          return exchange(lastEventID, told)
        },
        message: message, opened: opened,
        missedChanges: { [weak self] in self?.events.missedChanges() },
        sessionLost: { [weak self] loss in
          // An upstream may have no stream any more, and know the session all the same.
          if loss == .unknown { self?.doubt(session) } else { self?.reopen(loss) }
        },
        unreachable: { [weak self] in !(self?.isUnreachable(false, $0) ?? true) }, refused: refused))
  }

  // MARK: 2026-07-28

  private func perform(_ actions: [ListenSwitch.Action]) {
    for action in actions {
      switch action {
      case .open(let number, let subscription): listen(number, subscription)
      case .close(let number): listenStreams.removeValue(forKey: number)?.stop()
      }
    }
  }

  /// A POST whose answer stays open. Each attempt is a new request: nothing is repeated, nothing resumed.
  private func listen(_ number: Int, _ subscription: Subscription) {
    guard let session else { return }
    let stream = standingStream(
      session, message: { [weak self] in self?.told($0, number) },
      refused: { [weak self] in self?.refused(number) },
      opened: { [weak self] in self?.awaitAcknowledgement(of: number) }
    ) { [weak self] _, handlers in
      guard let self else { return nil }
      return UpstreamExchange(
        access,
        .post(
          session.endpoint,
          RequestFields.modern(
            session.revision, method: "subscriptions/listen", parameters: .emptyObject, headers: []),
          subscription.request(id: .int(Int64(ids.next())))),
        handlers)
    }
    listenStreams[number] = stream
    stream.open()
  }

  /// A message on a stream of changes.
  private func told(_ message: IncomingMessage, _ number: Int) {
    switch message {
    case .error: refused(number)  // it announces changes and cannot be asked for them
    case .result: listenStreams[number]?.restart()
    case .notification(ListenSwitch.acknowledgement, _): perform(listens.acknowledged(number).actions)
    default: if listens.tells(number) { told(message, .unsolicited) }
    }
  }

  private func refused(_ number: Int) {
    listenStreams.removeValue(forKey: number)?.stop()
    perform(listens.refused(number))
  }

  /// Not every upstream says that it has understood.
  private func awaitAcknowledgement(of number: Int) {
    loop.schedule(after: ListenSwitch.patience) { [weak self] in
      guard let self, listenStreams[number] != nil else { return }
      perform(listens.acknowledged(number).actions)
    }
  }

  /// A message that came unasked.
  private func told(_ message: IncomingMessage, _ origin: MessageOrigin) {
    if let id = message.answeredID {
      // Upstreams should give answers on the request's own stream, but not all do.
      if let run = runs[id] { answer(run, message) }
    } else {
      events.received(message, origin)
    }
  }

  // MARK: 2024-11-05

  /// GETs the stream that names the endpoint for our messages and then carries everything of the upstream. Its loss is the
  /// loss of the session (mcp-checklist CLI-65).
  func openEventStream() {
    let stream = EventStream2024()
    var handlers = UpstreamExchange.Handlers(end: { [weak self] in self?.eventStreamEnded($0, stream) })
    handlers.event = { [weak self] event in
      if event.name == "endpoint" { self?.named(String(decoding: event.data, as: UTF8.self), stream) }
    }
    handlers.message = { [weak self] message in
      guard let self else { return }
      if stream === openingStream { openingReceived(message, nil) } else { told(message, .shared) }
    }
    handlers.oversized = { [weak self] in
      // Whose answer it was cannot be told; that request ends at its deadline.
      self?.events.received(.noise("a message of over \(IncomingMessage.longest) bytes was dropped"), .shared)
    }
    let exchange = UpstreamExchange(access, .stream(url, nil), handlers)
    stream.exchange = exchange
    openingStream = stream
    eventStreams.append(stream)
    exchange.start()
  }

  private func named(_ reference: String, _ stream: EventStream2024) {
    guard stream.endpoint == nil else { return }
    // Elsewhere our credentials would be somebody else's (mcp-checklist CLI-62).
    guard let endpoint = url.resolving(reference), endpoint.origin == url.origin else {
      return end(UpstreamEnd("names an endpoint of another origin for messages, which is not followed"))
    }
    stream.endpoint = endpoint
    if stream === openingStream { advance(.endpointNamed) }
  }

  private func eventStreamEnded(_ end: ExchangeEnd, _ stream: EventStream2024) {
    stream.exchange = nil
    eventStreams.removeAll { $0 === stream }
    if stream.endpoint == nil {
      switch end {
      case .complete: advance(.unusable("closed its event stream before it named an endpoint"))
      case .refused(let refused): advance(.refused(refusal(refused)))
      case .unusable(let detail), .tooLarge(let detail): advance(.unusable(detail))
      case .unauthorized(let failure, let refused): advance(.ended(failure.upstreamEnd(refused)))
      case .failed(let failure): advance(.ended(UpstreamEnd(failure.detail)))
      case .superseded: break  // nothing is compared here
      }
      return
    }
    var sentence = "closed its event stream"
    if case .failed(let failure) = end { sentence = "lost its event stream: it \(failure.detail)" }
    if stream === openingStream || stream === session?.eventStream { return self.end(UpstreamEnd(sentence)) }
    // Of a session that was replaced: only what was asked in it is lost.
    for run in runs.values where run.session?.eventStream === stream {
      lose(run, CallFailure(.upstreamDied, "it \(sentence)"))
    }
  }
}
