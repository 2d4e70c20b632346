/// Changes of sessions that wait to be written. Pure.
///
/// They are made in their order; only of several that say how one session is now, the last is made, in the first's place:
/// whatever else is between them is about other things.
struct SessionChanges: Sendable {
  private(set) var kinds: [SessionChange.Kind] = []
  private var actions: [@Sendable () -> Void] = []
  /// Where the session is saved, unless it was removed since.
  private var saves: [String: Int] = [:]

  var isEmpty: Bool { kinds.isEmpty }

  mutating func append(_ change: SessionChange) {
    actions.append(change.done)
    switch change.kind {
    case .save(let session):
      if let place = saves[session.id] {
        kinds[place] = change.kind
        return
      }
      saves[session.id] = kinds.count
    case .remove(let ids): for id in ids { saves[id] = nil }
    case .saveParts: break
    }
    kinds.append(change.kind)
  }

  /// Everything was tried.
  func done() { for action in actions { action() } }
}
