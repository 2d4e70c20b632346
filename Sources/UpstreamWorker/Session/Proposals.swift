import Protocol

/// The legacy revisions that `initialize` may still propose. Some old servers refuse instead of proposing another one.
struct Proposals {
  private var rest: [ProtocolRevision]

  /// After the proposal of `revision`.
  init(after revision: ProtocolRevision) {
    rest = ProtocolRevision.allCases.filter { $0.era == .legacy && $0 < revision }.reversed()
  }

  /// No further proposal.
  static let none = Proposals(after: .november2024)

  /// What to propose after a refusal; nil: nothing.
  mutating func next(refusedWith code: Int, _ data: JSONSlice?) -> ProtocolRevision? {
    let supported = (data?.member("supported")?.strings ?? []).compactMap { ProtocolRevision(rawValue: $0) }
    if let best = supported.filter({ rest.contains($0) }).max() {
      rest = []
      return best
    }
    guard code == MCPErrorCode.invalidParams, supported.isEmpty, !rest.isEmpty else { return nil }
    return rest.removeFirst()
  }
}
