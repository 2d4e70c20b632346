import Protocol

/// What answers to `server/discover` and `initialize` mean, whatever carried them (mcp-checklist §1.5, LIFE-7 to LIFE-9).
/// Pure.
enum Negotiation {
  /// What to do after a refused `server/discover`.
  enum Probe: Equatable {
    /// Ask once more.
    case again
    case initialize
    /// The upstream is modern and finds fault with us, or shares no version; `initialize` would not help.
    case fail(String)
  }

  static func afterProbe(
    refusedWith code: Int, _ message: String, _ data: JSONSlice?, hasProbedAgain: Bool
  ) -> Probe {
    let refused = Probe.fail("refused server/discover: \(message) (code: \(code))")
    switch code {
    case MCPErrorCode.unsupportedVersion:
      let supported = data?.member("supported")?.strings ?? []
      let isOurs = supported.contains(ProtocolRevision.newestModern.rawValue)
      if isOurs, !hasProbedAgain { return .again }
      if supported.contains(where: { ProtocolRevision(rawValue: $0)?.era == .legacy }) || supported.isEmpty {
        return .initialize
      }
      if isOurs { return refused }
      return .fail("speaks only \(supported.joined(separator: ", ")), which this version does not")
    case MCPErrorCode.headerMismatch, MCPErrorCode.missingCapability: return refused
    default: return .initialize  // it must not depend on one code
    }
  }

  /// Whether the refusal of `initialize` says that the upstream is modern after all.
  static func isModern(refusedWith code: Int, _ data: JSONSlice?) -> Bool {
    code == MCPErrorCode.unsupportedVersion
      && (data?.member("supported")?.strings ?? []).contains { ProtocolRevision(rawValue: $0)?.era == .modern }
  }
}
