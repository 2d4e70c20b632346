import HTTPClient
import Platform
import Protocol

/// The way of one request: sent, answered, sent again in a new session, or its answer fetched.
extension HTTPTransport {
  /// Sends a request in the present session, or lets it wait for one.
  func dispatch(_ run: RequestRun) {
    guard let session else { return waiting.append(run.request.id) }
    run.session = session
    session.openRequests += 1
    let request = run.request
    let fields =
      session.revision.era == .modern
      ? RequestFields.modern(
        session.revision, method: request.method, parameters: request.parameters, headers: request.parameterHeaders)
      : RequestFields.post(session)
    begin(run, .post(session.endpoint, fields, request.message(), isRequest: session.eventStream == nil))
  }

  private func begin(_ run: RequestRun, _ plan: ExchangePlan) {
    var handlers = UpstreamExchange.Handlers(end: { [weak self] in self?.ended(run, $0) })
    if plan.purpose != .stream { handlers.admit = { [weak run] in run?.session?.admits($0) ?? true } }
    handlers.opened = { [weak run] _ in if plan.purpose == .stream { run?.resumption.accepted() } }
    handlers.message = { [weak self] in self?.received(run, $0) }
    handlers.oversized = { [weak self] in
      self?.finish(
        run,
        RequestFailure(
          .failed, CallFailure(.answerTooLarge, "its answer is over \(IncomingMessage.longest) bytes")))
    }
    handlers.mark = { [weak run] id, retry in run?.resumption.note(eventID: id, retryMilliseconds: retry) }
    run.exchange = UpstreamExchange(access, plan, handlers)
    run.exchange?.start()
  }

  /// A message in the answer to a request.
  private func received(_ run: RequestRun, _ message: IncomingMessage) {
    switch message {
    case .error(nil, let error): answer(run, .error(id: run.request.id, error))
    case .result, .error, .unusable:
      // The answer to another request has no business here.
      if message.answeredID == run.request.id { answer(run, message) }
    case .foreign: break
    case .request, .notification, .noise: events.received(message, .answer(run.request.id))
    }
  }

  /// The answer is here: nothing else is waited for, although the stream may stay open.
  func answer(_ run: RequestRun, _ message: IncomingMessage) {
    guard runs[run.request.id] === run else { return }
    let isModern = run.session?.revision.era == .modern
    run.session?.isDoubted = false
    run.drop(isAnswered: true)
    remove(run)
    if case .error(_, let error) = message, error.code == MCPErrorCode.unsupportedVersion, isModern {
      // Never relayed: the version is our affair. The next start finds out what the upstream speaks now.
      let detail = "does not speak \(ProtocolRevision.newestModern.rawValue) any more"
      events.failed(run.request.id, RequestFailure(.notSent, CallFailure(.upstreamDied, "the server \(detail)")))
      return end(UpstreamEnd(detail))
    }
    events.received(message, .answer(run.request.id))
  }

  // MARK: Ends

  private func ended(_ run: RequestRun, _ end: ExchangeEnd) {
    guard runs[run.request.id] === run else { return }
    if run.hasArrived { return resumptionEnded(run, end) }
    run.hasArrived = run.mayHaveArrived
    run.exchange = nil
    switch end {
    case .complete:
      // Over the two endpoints of 2024-11-05 the answer comes by the stream.
      if run.session?.eventStream == nil {
        resume(run, CallFailure(.upstreamDied, "it closed its answer before it had given one"))
      }
    case .refused(let refused): self.refused(run, refused)
    case .unusable(let detail): finish(run, RequestFailure(.failed, CallFailure(.badAnswer, "it \(detail)")))
    case .tooLarge(let detail): finish(run, RequestFailure(.failed, CallFailure(.answerTooLarge, detail)))
    case .unauthorized(let failure, let refused): finish(run, failure.requestFailure(refused))
    case .superseded: replace(run, .superseded)
    case .failed(let failure):
      if failure.isUnreachable, isUnreachable(run.request.purpose == .probe, failure.detail) { return }
      if failure.reason == .broken, run.hasArrived {
        resume(run, CallFailure(.upstreamDied, "it \(failure.detail)"))
      } else {
        finish(run, failure.requestFailure)
      }
    }
  }

  /// The rest of an answer was asked for. The request itself has arrived, so nothing here says that it did not run.
  private func resumptionEnded(_ run: RequestRun, _ end: ExchangeEnd) {
    run.exchange = nil
    let broke = "its answer broke off, and the rest of it "
    switch end {
    case .complete: resume(run, CallFailure(.upstreamDied, "\(broke)did not come"))
    case .failed(let failure):
      if failure.isUnreachable, isUnreachable(false, failure.detail) { return }
      resume(run, CallFailure(.upstreamDied, "\(broke)could not be fetched: it \(failure.detail)"))
    case .refused(let refused):
      let failure = CallFailure(.upstreamDied, "\(broke)was refused: \(refused.sentence)")
      if refused.isOutage { resume(run, failure) } else { lose(run, failure) }
    case .unusable(let detail): lose(run, CallFailure(.upstreamDied, "\(broke)could not be fetched: it \(detail)"))
    case .tooLarge(let detail): lose(run, CallFailure(.answerTooLarge, detail))
    case .unauthorized(let failure, _):
      lose(run, CallFailure(.upstreamDied, "\(broke)was refused: it \(failure.detail)"))
    case .superseded: break  // a session is left to its end once a request has arrived in it
    }
  }

  func lose(_ run: RequestRun, _ failure: CallFailure) {
    finish(run, RequestFailure(.unknown, failure, isOutage: true))
  }

  /// No connection was made. Returns whether the session is over by it.
  func isUnreachable(_ isProbe: Bool, _ detail: String) -> Bool {
    guard access.reachability.failed(at: .now, isProbe: isProbe) else { return false }
    end(UpstreamEnd(detail))
    return true
  }

  private func refused(_ run: RequestRun, _ refused: ExchangeEnd.Refused) {
    let isModern = run.session?.revision.era == .modern
    for message in refused.messages {
      switch message {
      case _ where message.answeredID == run.request.id: return answer(run, message)
      case .error(nil, let error) where isModern && MCPErrorCode.isModern(error.code):
        return answer(run, .error(id: run.request.id, error))
      default: break
      }
    }
    if refused.status == 404, let session = run.session {
      if session.eventStream != nil {
        run.hasArrived = false
        return end(UpstreamEnd("does not know its session any more: \(refused.sentence)"))
      }
      if session.id != nil, !run.wasRepeated, !session.hasOther404s {
        run.wasRepeated = true
        return replace(run, .unknown)
      }
      // Also in a session that has only just been opened: it means something else.
      if run.wasRepeated { session.hasOther404s = true }
    }
    let session = run.session
    finish(
      run,
      RequestFailure(
        .failed, CallFailure(.httpStatus, refused.sentence), isOutage: refused.isOutage,
        isAnswer: refused.status < 500, retryAfter: refused.retryAfter))
    guard let session, refused.status == 400 || refused.status == 404 && session.hasOther404s else { return }
    if run.request.purpose == .probe { loseSession(session) } else { doubt(session) }
  }

  /// Many servers say 400 where the protocol wants 404, when they do not know a session, and some say 404 for other
  /// reasons. Such a request is not sent again; but if a ping fares no better, there is a new session for the next one.
  func doubt(_ doubted: HTTPSession) {
    guard !isOver, doubted === session, doubted.id != nil, doubted.revision.era == .legacy, !doubted.isDoubted else {
      return
    }
    doubted.isDoubted = true
    let id = ids.next()
    send(OutgoingRequest(id, .probe, "ping") { JSONRPCWriter.request(id: .int(Int64(id)), method: "ping") })
  }

  /// A ping was refused in a way that only a lost session explains.
  private func loseSession(_ lost: HTTPSession) {
    if !isOver, lost === session, lost.id != nil { reopen(.unknown) }
  }

  /// Sends a request that was not executed again, in a new session. If another request has found out before, that session
  /// is there already.
  private func replace(_ run: RequestRun, _ loss: SessionLoss) {
    run.hasArrived = false
    let isCurrent = run.session === session
    leave(run)
    if isCurrent { reopen(loss) }
    if !isOver { dispatch(run) }
  }

  /// The answer of a request broke off: it is fetched if the upstream can do that, else it is lost.
  private func resume(_ run: RequestRun, _ failure: CallFailure) {
    guard let session = run.session, session.revision.era == .legacy, session.eventStream == nil,
      let delay = run.resumption.broken(), let lastEventID = run.resumption.lastEventID
    else { return lose(run, failure) }
    run.timer = loop.schedule(after: delay) { [weak self] in
      guard let self, runs[run.request.id] === run else { return }
      begin(run, .stream(session.endpoint, session, lastEventID: lastEventID))
    }
  }

  // MARK: Sessions that were replaced

  /// A request is not in its session any more.
  func leave(_ run: RequestRun) {
    guard let session = run.session else { return }
    run.session = nil
    session.openRequests -= 1
    closeIfUnused(session)
  }

  /// Closes a session that was replaced though the upstream knows it, when its last request has left it.
  func closeIfUnused(_ session: HTTPSession) {
    guard !isOver, session.isSuperseded, session.openRequests == 0 else { return }
    session.isSuperseded = false
    if let stream = session.eventStream {
      stream.exchange?.cancel()
      eventStreams.removeAll { $0 === stream }
    }
    guard session.id != nil, launch.allowStateless != true else { return }
    post(.delete(session, timeout: Self.notificationPatience))
  }
}
