import HTTPClient
import Platform
import Protocol

/// What the upstream tells without being asked: a GET stream, `subscriptions/listen`, or the event stream of 2024-11-05.
extension HTTPTransport {
  /// Opens the stream that belongs to a session, if there is one. Many upstreams have none, which is fine.
  func openStream(_ session: HTTPSession, _ established: Established) {
    stream?.stop()
    stream = nil
    if session.eventStream != nil { return }
    if session.revision.era == .modern {
      guard let subscription = Subscription(established) else { return }
      stream = standingStream(session) { [weak self] _, handlers in self?.listen(subscription, session, handlers) }
    } else if launch.allowStateless != true {
      stream = standingStream(session) { [weak self] lastEventID, handlers in
        self.map { UpstreamExchange($0.access, .stream(session.endpoint, session, lastEventID: lastEventID), handlers) }
      }
    }
    stream?.open()
  }

  private func standingStream(
    _ session: HTTPSession, _ exchange: @escaping (String, UpstreamExchange.Handlers) -> UpstreamExchange?
  ) -> StandingStream {
    StandingStream(
      loop: loop, canResume: session.revision.era == .legacy, hasSession: session.id != nil,
      handlers: StandingStream.Handlers(
        exchange: { lastEventID, told in
          var told = told
          told.admit = { session.admits($0) }
          return exchange(lastEventID, told)
        },
        message: { [weak self] in self?.told($0) },
        missedChanges: { [weak self] in self?.events.missedChanges() },
        sessionLost: { [weak self] loss in
          // An upstream may have no stream any more, and know the session all the same.
          if loss == .unknown { self?.doubt(session) } else { self?.reopen(loss) }
        },
        unreachable: { [weak self] in !(self?.isUnreachable(false, $0) ?? true) }))
  }

  /// A POST whose answer stays open. Each attempt is a new request: nothing is repeated, nothing resumed.
  private func listen(
    _ subscription: Subscription, _ session: HTTPSession, _ handlers: UpstreamExchange.Handlers
  ) -> UpstreamExchange {
    var handlers = handlers
    handlers.message = { [weak self] message in
      switch message {
      case .error: self?.stream?.stop()  // it announces changes and cannot be asked for them
      case .result: self?.stream?.restart()
      default: self?.told(message)
      }
    }
    return UpstreamExchange(
      access,
      .post(
        session.endpoint,
        RequestFields.modern(
          session.revision, method: "subscriptions/listen", parameters: .emptyObject, headers: []),
        subscription.request(id: .int(Int64(ids.next())))),
      handlers)
  }

  /// A message that came unasked.
  private func told(_ message: IncomingMessage) {
    if let id = message.answeredID {
      // Upstreams should give answers on the request's own stream, but not all do.
      if let run = runs[id] { answer(run, message) }
    } else {
      events.received(message)
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
      if stream === openingStream { openingReceived(message, nil) } else { told(message) }
    }
    handlers.oversized = { [weak self] in
      // Whose answer it was cannot be told; that request ends at its deadline.
      self?.events.received(.noise("a message of over \(IncomingMessage.longest) bytes was dropped"))
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
