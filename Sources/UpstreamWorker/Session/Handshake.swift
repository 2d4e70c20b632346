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
    /// `initialize` is out, proposing `revision`; `fallbacks` are tried if it is refused.
    case initializing(id: Int, revision: ProtocolRevision, fallbacks: [ProtocolRevision])
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
    case (.initializing(let id, _, _), .result(let answered, let result)) where answered == id:
      return initialized(result)
    case (.initializing(let id, _, let fallbacks), .error(let answered, let code, let message, let data))
    where answered == id:
      return initializeRefused(code, message, data, fallbacks)
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
    let supported = result.member("supportedVersions")?.strings ?? []
    guard supported.contains(ProtocolRevision.newestModern.rawValue),
      let capabilities = result.member("capabilities"), capabilities.kind == .object
    else { return initialize(.newestLegacy) }
    phase = .over
    let meta = result.member("_meta")
    return [
      .established(
        Established(
          revision: .newestModern, capabilities: capabilities,
          serverInfo: meta?.member("io.modelcontextprotocol/serverInfo") ?? result.member("serverInfo"),
          instructions: result.member("instructions")?.string))
    ]
  }

  private mutating func probeRefused(_ code: Int, _ message: String, _ data: JSONSlice?) -> [Action] {
    switch code {
    case MCPErrorCode.unsupportedVersion:
      let supported = data?.member("supported")?.strings ?? []
      if supported.contains(ProtocolRevision.newestModern.rawValue), !hasProbedAgain {
        hasProbedAgain = true
        return probe()
      }
      if supported.contains(where: { ProtocolRevision(rawValue: $0)?.era == .legacy }) || supported.isEmpty {
        return initialize(.newestLegacy)
      }
      if supported.contains(ProtocolRevision.newestModern.rawValue) { break }
      return fail("speaks only \(supported.joined(separator: ", ")), which this version does not")
    case MCPErrorCode.headerMismatch, MCPErrorCode.missingCapability:
      // A modern upstream that finds fault with us: `initialize` would not help (mcp-checklist §1.5, [M]).
      break
    default:
      return initialize(.newestLegacy)
    }
    return fail("refused server/discover: \(message) (code: \(code))")
  }

  private mutating func restartWithInitialize() -> [Action] {
    guard !hasRestarted else { return fail("refused initialize, and did not answer server/discover either") }
    hasRestarted = true
    opensWithInitialize = true
    phase = .idle
    return [.stopProbeTimer, .restart]
  }

  // MARK: Legacy

  private mutating func initialize(_ revision: ProtocolRevision, fallbacks: [ProtocolRevision]? = nil) -> [Action] {
    lastID += 1
    let older = ProtocolRevision.allCases.filter { $0.era == .legacy && $0 < revision }
    phase = .initializing(id: lastID, revision: revision, fallbacks: fallbacks ?? older.reversed())
    return [.send(UpstreamRequest.initialize(id: lastID, proposing: revision, version: version))]
  }

  private mutating func initialized(_ result: JSONSlice) -> [Action] {
    let answered = result.member("protocolVersion")?.string
    guard let answered, let revision = ProtocolRevision(rawValue: answered), revision.era == .legacy else {
      return fail(
        "answered initialize with protocol version \(answered ?? "none"), which this version does not speak")
    }
    phase = .over
    return [
      .send(JSONRPCWriter.notification(method: "notifications/initialized")),
      .established(
        Established(
          revision: revision, capabilities: result.member("capabilities") ?? .emptyObject,
          serverInfo: result.member("serverInfo"), instructions: result.member("instructions")?.string)),
    ]
  }

  private mutating func initializeRefused(
    _ code: Int, _ message: String, _ data: JSONSlice?, _ fallbacks: [ProtocolRevision]
  ) -> [Action] {
    let supported = (data?.member("supported")?.strings ?? []).compactMap { ProtocolRevision(rawValue: $0) }
    if code == MCPErrorCode.unsupportedVersion, supported.contains(where: { $0.era == .modern }), !hasProbedAgain {
      // The probe came too early for it: it is modern after all.
      hasProbedAgain = true
      return probe()
    }
    if let best = supported.filter({ fallbacks.contains($0) }).max() { return initialize(best, fallbacks: []) }
    if code == MCPErrorCode.invalidParams, supported.isEmpty, let next = fallbacks.first {
      return initialize(next, fallbacks: Array(fallbacks.dropFirst()))
    }
    return fail("refused initialize: \(message) (code: \(code))")
  }

  private mutating func fail(_ detail: String) -> [Action] {
    phase = .over
    return [.stopProbeTimer, .failed(detail.clipped(to: Self.longestDetail))]
  }
}
