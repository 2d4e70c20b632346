import Protocol

/// Finds out which protocol an upstream speaks and opens a session (mcp-checklist §1.5, client on stdio). Pure.
///
/// A 2026-07-28 upstream answers the probe `server/discover`; everything else is offered `initialize`. An upstream that
/// exits or stays silent on the probe is started again and gets `initialize` first.
struct Handshake {
  enum Event {
    /// The process runs and can be written to.
    case started
    /// An answer to the request `id`.
    case result(id: Int, JSONSlice)
    case error(id: Int, code: Int, message: String, data: JSONSlice?)
    /// The probe's time is up.
    case probeTimedOut
    /// The process ended; the text says how.
    case exited(String)
  }

  enum Action {
    /// Write this line.
    case send([UInt8])
    case startProbeTimer
    case stopProbeTimer
    /// End this process and start another one; `started` follows.
    case restart
    case established(Established)
    /// There will be no session; what the server did, to be put behind its name.
    case failed(String)
  }

  private enum Phase {
    /// Waiting for a process.
    case idle
    /// `server/discover` is out.
    case probing(id: Int)
    /// `initialize` is out; the proposals are tried if it is refused.
    case initializing(id: Int, Proposals)
    case over
  }

  /// Longest sentence about a failure, in characters: parts of it are the upstream's words.
  static let longestDetail = 1000

  private let version: String
  private var phase = Phase.idle
  private var opensWithInitialize: Bool
  /// One second probe at most: after `initialize` was answered by "unsupported version".
  private var hasProbedAgain = false
  private var hasRestarted = false
  /// Ids up to this one were used; the session's requests go on above it.
  private(set) var lastID = 0

  /// `era`: what an earlier start of this upstream found out; `version`: our own version.
  init(era: ProtocolRevision.Era?, version: String) {
    self.version = version
    opensWithInitialize = era == .legacy
  }

  /// The upstream has answered nothing yet and the probe may be the reason.
  var isProbing: Bool {
    if case .probing = phase { return true }
    return false
  }

  mutating func handle(_ event: Event) -> [Action] {
    switch (phase, event) {
    case (.idle, .started):
      return opensWithInitialize ? initialize(.newestLegacy) : probe()
    case (.idle, .exited(let detail)):
      return fail(detail)
    case (.probing(let id), .result(let answered, let result)) where answered == id:
      return [.stopProbeTimer] + discovered(result)
    case (.probing(let id), .error(let answered, let code, let message, let data)) where answered == id:
      return [.stopProbeTimer] + probeRefused(code, message, data)
    case (.probing, .probeTimedOut), (.probing, .exited):
      return restartWithInitialize()
    case (.initializing(let id, _), .result(let answered, let result)) where answered == id:
      return initialized(result)
    case (.initializing(let id, let proposals), .error(let answered, let code, let message, let data))
    where answered == id:
      return initializeRefused(code, message, data, proposals)
    case (.initializing, .exited(let detail)):
      return fail("\(detail) before it answered initialize")
    case (_, .started), (_, .result), (_, .error), (_, .probeTimedOut), (_, .exited):
      // Late answers, a timer that raced its answer, an exit after the decision: nothing to decide any more.
      return []
    }
  }

  // MARK: Modern

  private mutating func probe() -> [Action] {
    lastID += 1
    phase = .probing(id: lastID)
    return [.send(UpstreamRequest.discover(id: lastID, version: version)), .startProbeTimer]
  }

  private mutating func discovered(_ result: JSONSlice) -> [Action] {
    guard let session = Established(discovered: result) else { return initialize(.newestLegacy) }
    phase = .over
    return [.established(session)]
  }

  private mutating func probeRefused(_ code: Int, _ message: String, _ data: JSONSlice?) -> [Action] {
    switch Negotiation.afterProbe(refusedWith: code, message, data, hasProbedAgain: hasProbedAgain) {
    case .again:
      hasProbedAgain = true
      return probe()
    case .initialize: return initialize(.newestLegacy)
    case .fail(let detail): return fail(detail)
    }
  }

  private mutating func restartWithInitialize() -> [Action] {
    guard !hasRestarted else { return fail("refused initialize, and did not answer server/discover either") }
    hasRestarted = true
    opensWithInitialize = true
    phase = .idle
    return [.stopProbeTimer, .restart]
  }

  // MARK: Legacy

  private mutating func initialize(_ revision: ProtocolRevision, then proposals: Proposals? = nil) -> [Action] {
    lastID += 1
    phase = .initializing(id: lastID, proposals ?? Proposals(after: revision))
    return [.send(UpstreamRequest.initialize(id: lastID, proposing: revision, version: version))]
  }

  private mutating func initialized(_ result: JSONSlice) -> [Action] {
    do throws(UpstreamEnd) {
      let session = try Established(initialized: result)
      phase = .over
      return [.send(JSONRPCWriter.notification(method: "notifications/initialized")), .established(session)]
    } catch {
      return fail(error.detail)
    }
  }

  private mutating func initializeRefused(
    _ code: Int, _ message: String, _ data: JSONSlice?, _ proposals: Proposals
  ) -> [Action] {
    if Negotiation.isModern(refusedWith: code, data), !hasProbedAgain {
      // The probe came too early for it: it is modern after all.
      hasProbedAgain = true
      return probe()
    }
    var proposals = proposals
    if let next = proposals.next(refusedWith: code, data) { return initialize(next, then: proposals) }
    return fail("refused initialize: \(message) (code: \(code))")
  }

  private mutating func fail(_ detail: String) -> [Action] {
    phase = .over
    return [.stopProbeTimer, .failed(detail.clipped(to: Self.longestDetail))]
  }
}
