import Protocol

/// Finds out which protocol an HTTP upstream speaks and opens a session (mcp-checklist §1.5, client on HTTP). Pure.
///
/// `server/discover` first, then `initialize`, then the two endpoints of 2024-11-05. A status says less than a JSON-RPC
/// error in the body; an upstream that is overloaded or out of order has not said anything about its protocol.
struct HTTPHandshake {
  /// A message of the opening.
  enum Message: Equatable {
    case discover
    case initialize(ProtocolRevision)
    case initialized
  }

  /// What the upstream answered to the message that is out, when it is no result.
  struct Refusal {
    let status: Int
    /// The JSON-RPC error of the body.
    var error: UpstreamError?
    /// The error is an answer to the very request, not to something that could not be read.
    var isOurs = false
    /// `HTTP <status>: …`
    let sentence: String
    var retryAfter: Duration?
  }

  enum Event {
    case started
    /// `hasSession`: a session id came with it.
    case result(JSONSlice, hasSession: Bool)
    case refused(Refusal)
    /// A success without an answer that could be used; the text says what it was.
    case unusable(String)
    /// `notifications/initialized` was taken.
    case accepted
    /// The time for an answer to `server/discover` is up.
    case probeTimedOut
    /// The event stream of 2024-11-05 is open and has named its other endpoint.
    case endpointNamed
    /// There is no verdict: no connection, no credentials.
    case ended(UpstreamEnd)
  }

  enum Action {
    /// POST this; only one message is out at a time.
    case post(Message)
    /// Drop the request that is out.
    case abandon
    case startProbeTimer
    case stopProbeTimer
    /// GET the event stream of 2024-11-05; messages are posted to the endpoint that it names.
    case openEventStream
    case established(Established)
    /// There will be no session.
    case failed(UpstreamEnd)
  }

  private enum Phase {
    case idle
    case probing
    case initializing(Proposals)
    /// Waiting for the event stream's endpoint; the sentence says how `initialize` was refused before, if it was tried.
    case opening(refusal: String?)
    case confirming(Established)
    case over
  }

  private let pin: ProtocolRevision?
  private let allowStateless: Bool?
  private var phase = Phase.idle
  private var opensWithInitialize: Bool
  private let opensEventStream: Bool
  private var hasProbed = false
  private var hasProbedAgain = false
  /// The event stream of 2024-11-05 is in use.
  private(set) var usesEventStream = false
  /// How `initialize` was refused before the probe, and whether the event stream of 2024-11-05 may be the way.
  private var refusal: (detail: String, mayStream: Bool)?

  /// `era`: what an earlier start of this upstream found out. `pin`: the configured version, which pins the generation.
  /// `opensEventStream`: a session of 2024-11-05 is to be replaced by another one.
  init(
    era: ProtocolRevision.Era?, pin: ProtocolRevision?, allowStateless: Bool?, opensEventStream: Bool = false
  ) {
    self.opensEventStream = opensEventStream
    self.pin = pin
    self.allowStateless = allowStateless
    // 2026-07-28 has no sessions, so an upstream that must have one is not asked for it.
    opensWithInitialize = pin.map { $0.era == .legacy } ?? (era == .legacy || allowStateless == false)
  }

  /// The method whose answer is waited for.
  var method: String {
    switch phase {
    case .idle, .initializing, .over: "initialize"
    case .probing: "server/discover"
    case .opening: "the request for an event stream"
    case .confirming: "notifications/initialized"
    }
  }

  mutating func handle(_ event: Event) -> [Action] {
    switch (phase, event) {
    case (.over, _): return []
    case (_, .ended(let end)): return fail(end)
    case (.idle, .started) where opensEventStream: return openEventStream(nil)
    case (.idle, .started): return opensWithInitialize ? initialize() : probe()
    case (.probing, let event): return probed(event)
    case (.initializing(let proposals), let event): return initializing(event, proposals)
    case (.opening(let refusal), let event): return opening(event, refusal)
    case (.confirming(let session), .accepted), (.confirming(let session), .unusable):
      return establish(session)
    case (.confirming(let session), .refused(let refusal)):
      // It has answered `initialize`; that it cannot stand the confirmation is its own affair.
      return isOutage(refusal) ? failOutage(refusal) : establish(session)
    case (.idle, _), (.confirming, _): return []
    }
  }

  // MARK: Modern

  private mutating func probe() -> [Action] {
    hasProbed = true
    phase = .probing
    return [.post(.discover)] + (pin == nil ? [.startProbeTimer] : [])
  }

  private mutating func probed(_ event: Event) -> [Action] {
    switch event {
    case .result(let result, _):
      if allowStateless == false {
        return fail(UpstreamEnd("would be asked for 2026-07-28, which has no sessions, but allowStateless is false"))
      }
      guard let session = Established(discovered: result) else {
        return notModern("answered server/discover without \(ProtocolRevision.newestModern.rawValue)")
      }
      phase = .over
      return [.stopProbeTimer, .established(session)]
    case .refused(let refusal): return probeRefused(refusal)
    case .unusable(let detail): return notModern(detail)
    case .probeTimedOut: return [.abandon] + notModern("did not answer server/discover")
    case .started, .accepted, .endpointNamed, .ended: return []
    }
  }

  private mutating func probeRefused(_ refusal: Refusal) -> [Action] {
    guard let error = refusal.error else {
      return isOutage(refusal) ? failOutage(refusal) : notModern("refused server/discover: \(refusal.sentence)")
    }
    let data = error.object.member("data")
    switch Negotiation.afterProbe(
      refusedWith: error.code, error.message, data, hasProbedAgain: hasProbedAgain)
    {
    case .again:
      hasProbedAgain = true
      return [.stopProbeTimer] + probe()
    case .fail(let detail): return fail(UpstreamEnd(detail))
    case .initialize:
      return isOutage(refusal)
        ? failOutage(refusal) : notModern("refused server/discover: \(error.message) (code: \(error.code))")
    }
  }

  private mutating func notModern(_ detail: String) -> [Action] {
    if pin?.era == .modern { return fail(UpstreamEnd(detail)) }
    // `initialize` was tried before the probe, because an earlier start had found this upstream to be old.
    if let refusal {
      return refusal.mayStream
        ? [.stopProbeTimer] + openEventStream(refusal.detail) : fail(UpstreamEnd(refusal.detail))
    }
    return [.stopProbeTimer] + initialize()
  }

  // MARK: Legacy

  private mutating func initialize() -> [Action] {
    let revision = pin.flatMap { $0.era == .legacy ? $0 : nil } ?? .newestLegacy
    return initialize(revision, pin == nil ? Proposals(after: revision) : .none)
  }

  private mutating func initialize(_ revision: ProtocolRevision, _ proposals: Proposals) -> [Action] {
    phase = .initializing(proposals)
    return [.post(.initialize(revision))]
  }

  private mutating func initializing(_ event: Event, _ proposals: Proposals) -> [Action] {
    switch event {
    case .result(let result, let hasSession):
      do throws(UpstreamEnd) {
        let session = try Established(initialized: result)
        // Over the event stream of 2024-11-05 the session is the stream.
        if allowStateless == false && !hasSession && !usesEventStream {
          return fail(UpstreamEnd("issued no session id, and allowStateless is false"))
        }
        phase = .confirming(session)
        return [.post(.initialized)]
      } catch {
        return fail(error)
      }
    case .refused(let refusal): return initializeRefused(refusal, proposals)
    case .unusable(let detail): return fail(UpstreamEnd(detail))
    case .started, .accepted, .probeTimedOut, .endpointNamed, .ended: return []
    }
  }

  private mutating func initializeRefused(_ refusal: Refusal, _ proposals: Proposals) -> [Action] {
    let data = refusal.error?.object.member("data")
    let code = refusal.error?.code ?? 0
    if Negotiation.isModern(refusedWith: code, data), !hasProbedAgain, pin == nil, allowStateless != false {
      hasProbedAgain = true
      return probe()
    }
    var proposals = proposals
    if let next = proposals.next(refusedWith: code, data) { return initialize(next, proposals) }
    if let error = refusal.error, refusal.isOurs {
      // Still it may have become modern since the last start, and answer unknown methods with a mere refusal.
      let detail = "refused initialize: \(error.message) (code: \(error.code))"
      return mayProbe ? probe(after: detail, mayStream: false) : fail(UpstreamEnd(detail))
    }
    if isOutage(refusal) { return failOutage(refusal) }
    let detail = "refused initialize: \(refusal.sentence)"
    guard [400, 404, 405].contains(refusal.status), !usesEventStream else { return fail(UpstreamEnd(detail)) }
    return mayProbe ? probe(after: detail, mayStream: true) : openEventStream(detail)
  }

  private var mayProbe: Bool { !hasProbed && pin == nil && allowStateless != false && !usesEventStream }

  private mutating func probe(after refusal: String, mayStream: Bool) -> [Action] {
    self.refusal = (refusal, mayStream)
    return probe()
  }

  // MARK: 2024-11-05

  private mutating func openEventStream(_ refusal: String?) -> [Action] {
    if let refusal, let pin, pin != .november2024 { return fail(UpstreamEnd(refusal)) }
    phase = .opening(refusal: refusal)
    usesEventStream = true
    return [.openEventStream]
  }

  private mutating func opening(_ event: Event, _ refusal: String?) -> [Action] {
    let prefix = refusal.map { "\($0); and it has no event stream of 2024-11-05 either: " } ?? "gave no event stream: "

    switch event {
    case .endpointNamed: return initialize()
    case .refused(let second):
      if isOutage(second) { return failOutage(second) }
      return fail(UpstreamEnd("\(prefix)\(second.sentence)"))
    case .unusable(let detail):
      return fail(UpstreamEnd("\(prefix)it \(detail)"))
    case .started, .result, .accepted, .probeTimedOut, .ended: return []
    }
  }

  // MARK: Ends

  /// Too many requests, or a fault of the server or of something before it. An answer to our very request is none, and
  /// 501 means that it does not know what was asked for.
  private func isOutage(_ refusal: Refusal) -> Bool {
    !refusal.isOurs && (refusal.status == 429 || refusal.status >= 500 && refusal.status != 501)
  }

  private mutating func failOutage(_ refusal: Refusal) -> [Action] {
    fail(UpstreamEnd("answered \(refusal.sentence)", retryAfter: refusal.retryAfter))
  }

  private mutating func establish(_ session: Established) -> [Action] {
    phase = .over
    return [.established(session)]
  }

  private mutating func fail(_ end: UpstreamEnd) -> [Action] {
    phase = .over
    let detail = end.detail.clipped(to: Handshake.longestDetail)
    return [
      .stopProbeTimer, .failed(UpstreamEnd(detail, readiness: end.readiness, retryAfter: end.retryAfter)),
    ]
  }
}
