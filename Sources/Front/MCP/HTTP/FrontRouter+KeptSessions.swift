import Platform
import Protocol

/// What later daemons must know of sessions.
extension FrontRouter {
  /// Keeps what a later daemon must know of the session, if that has changed.
  /// `request`: the one that changed it, whose answer is held back until then.
  func keepSession(_ channel: HTTPSessionChannel, andRelease request: RequestID? = nil) {
    guard let keeper = mcpHTTP.keeper, let state = SessionSnapshot(channel) else {
      return request.map { channel.release($0) } ?? ()
    }
    let kept = KeptSession(id: channel.id, owner: channel.owner, content: state.json)
    let changes = channel.session.watch.takeChanges()
    guard kept != channel.kept || !changes.isEmpty else { return request.map { channel.release($0) } ?? () }
    let (loop, bound) = (loop, LoopBound(channel))
    let release: @Sendable () -> Void = {
      if let request { loop.perform { bound.value.release(request) } }
    }
    let isChanged = kept != channel.kept
    channel.kept = kept
    if isChanged { keeper.saveSession(kept) { if changes.isEmpty { release() } } }
    guard !changes.isEmpty else { return }
    var parts: [(name: String, content: [UInt8])] = []
    var removed: [String] = []
    for resource in changes {
      let name = KeptResource.name(of: resource)
      if let uri = channel.session.watch[resource, .session] {
        parts.append((name, KeptResource.json(resource, uri)))
      } else {
        removed.append(name)
      }
    }
    keeper.saveParts(parts, removing: removed, of: channel.id, release)
  }
}
