import Protocol

/// What a 2026-07-28 upstream is asked to notify us of (`subscriptions/listen`, mcp-checklist §5.9). Pure.
struct Subscription {
  let revision: ProtocolRevision
  /// The lists whose changes are announced. Not empty.
  let kinds: [ListKind]

  /// Nil when the upstream notifies by itself, or of nothing.
  init?(_ session: Established) {
    guard session.revision.era == .modern else { return nil }
    revision = session.revision
    kinds = ListKind.allCases.filter {
      !$0.isOptional && session.capabilities.member($0.capability)?.member("listChanged")?.bool == true
    }
    if kinds.isEmpty { return nil }
  }

  /// `id`: a string cannot collide with the integers of our other requests.
  func request(id: RequestID) -> [UInt8] {
    UpstreamRequest(revision: revision).request(
      id: id, method: "subscriptions/listen", version: WarmplaneVersion.current
    ) { writer in
      writer.key("notifications")
      writer.beginObject()
      for kind in kinds { writer.member(kind.listenFilter, true) }
      writer.endObject()
    }
  }
}
