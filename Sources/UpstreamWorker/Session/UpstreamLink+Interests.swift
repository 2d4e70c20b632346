import Platform
import Protocol

/// What clients want to hear of the upstream beside answers, and what it tells.
extension UpstreamLink {
  /// How long the upstream may take for one step; after that it counts as refused.
  private static let patience = Duration.seconds(30)

  /// A step of `InterestState` that is out.
  struct PendingInterest {
    let step: InterestState.Step
    let timer: Timer
  }

  /// The session is to agree with this, now and after each reconnect.
  func want(_ interests: Interests) {
    self.interests = interests
    interestState.want(interests)
    transport?.listen(to: interests.resources)
    reconcile()
  }

  /// There is a session that knows nothing of us.
  func forgetInterests(_ session: Established) {
    for case (let id, .interest(let interest)) in pending {
      pending[id] = nil
      interest.timer.cancel()
    }
    interestState.reset(session)
  }

  /// Asks the upstream for what is missing.
  func reconcile() {
    guard isReady, let session, session.revision.era == .legacy else { return }
    for step in interestState.next() { send(step, session.revision) }
  }

  private func send(_ step: InterestState.Step, _ revision: ProtocolRevision) {
    let id = ids.next()
    let timer = loop.schedule(after: Self.patience) { [weak self] in
      guard let self, case .interest(let interest)? = pending.removeValue(forKey: id) else { return }
      ended(interest, isDone: false)
    }
    pending[id] = .interest(PendingInterest(step: step, timer: timer))
    transport?.send(
      OutgoingRequest(id, .interest, step.method) {
        UpstreamRequest(revision: revision).request(
          id: .int(Int64(id)), method: step.method, version: WarmplaneVersion.current
        ) { step.writeParameters(to: &$0) }
      })
  }

  func ended(_ interest: PendingInterest, isDone: Bool) {
    interest.timer.cancel()
    if !isDone, isReady { note("the server refused \(interest.step)") }
    if let uri = interestState.ended(interest.step, isDone: isDone) { tellChange(of: uri) }
    reconcile()
  }

  // MARK: What it tells

  func progressed(_ params: JSONSlice) {
    guard let token = params.member("progressToken")?.int, let call = calls[token], call.frame.wantsProgress,
      let progress = params.member("progress")?.double, call.progress.map({ progress > $0 }) ?? true
    else { return }
    calls[token]?.progress = progress
    handlers.progress(call.frame.operation, params)
  }

  func logged(_ params: JSONSlice, _ origin: MessageOrigin) {
    handlers.notification(
      UpstreamNotification(method: "notifications/message", params: params, attribution: attribution(origin)))
  }

  /// Whose message it is (mcp-checklist MAP-81).
  private func attribution(_ origin: MessageOrigin) -> UpstreamNotification.Attribution {
    switch origin {
    case .answer(let id): return calls[id].map { .certain($0.frame.operation) } ?? .none
    case .unsolicited: return .none
    case .shared:
      // A 2026-07-28 upstream logs only about requests that allow it.
      let isModern = session?.revision.era == .modern
      let candidates = calls.values.lazy.filter { !isModern || $0.frame.logLevel != nil }.prefix(2)
      guard let first = candidates.first, candidates.count == 1 else { return .none }
      return isModern ? .certain(first.frame.operation) : .likely(first.frame.operation)
    }
  }

  func resourceUpdated(_ params: JSONSlice) {
    // It may be part of the resource that was subscribed, so which one it was is for those to say who know the clients.
    guard !interests.resources.isEmpty, let uri = params.member("uri")?.string, !uri.isEmpty,
      uri.utf8.count <= Interests.longestURI
    else { return }
    handlers.notification(
      UpstreamNotification(method: "notifications/resources/updated", params: params, attribution: .none))
  }

  /// Notifications may have been lost. A change that is told twice does no harm; one that is not told does.
  func missedChanges() {
    listsMayHaveChanged()
    guard let session, session.takesSubscriptions else { return }
    let uris = session.revision.era == .modern ? interests.resources : interestState.subscribed.map(\.text).sorted()
    for uri in uris { tellChange(of: uri) }
  }

  private func tellChange(of uri: String) {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("uri", uri)
    writer.endObject()
    resourceUpdated(JSONSlice(assembled: writer))
  }
}

extension InterestState.Step: CustomStringConvertible {
  var method: String {
    switch self {
    case .setLevel: "logging/setLevel"
    case .subscribe: "resources/subscribe"
    case .unsubscribe: "resources/unsubscribe"
    }
  }

  func writeParameters(to writer: inout JSONWriter) {
    switch self {
    case .setLevel(let level): writer.member("level", level.rawValue)
    case .subscribe(let uri), .unsubscribe(let uri): writer.member("uri", uri)
    }
  }

  /// For the server's log.
  var description: String {
    switch self {
    case .setLevel(let level): "\(method) \(level.rawValue)"
    case .subscribe(let uri), .unsubscribe(let uri): "\(method) \(uri.clipped(to: 200))"
    }
  }
}
