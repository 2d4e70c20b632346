import Protocol

/// What a 2026-07-28 upstream is asked to notify us of (`subscriptions/listen`, mcp-checklist §5.9). Pure.
struct Subscription: Equatable {
  let revision: ProtocolRevision
  /// The lists whose changes are announced.
  let kinds: [ListKind]
  /// URIs of the resources whose changes are of interest.
  let resources: [String]

  private init(revision: ProtocolRevision, kinds: [ListKind], resources: [String]) {
    self.revision = revision
    self.kinds = kinds
    self.resources = resources
  }

  /// Nil when the upstream notifies by itself, or there is nothing to be asked for.
  init?(_ session: Established, resources: [String] = []) {
    guard session.revision.era == .modern else { return nil }
    self.init(
      revision: session.revision,
      kinds: ListKind.allCases.filter {
        !$0.isOptional && session.capabilities.member($0.capability)?.member("listChanged")?.bool == true
      },
      resources: session.takesSubscriptions ? resources : [])
    if kinds.isEmpty && self.resources.isEmpty { return nil }
  }

  /// The same for the lists alone; nil when that is no less, or nothing.
  var withoutResources: Subscription? {
    kinds.isEmpty || resources.isEmpty ? nil : Subscription(revision: revision, kinds: kinds, resources: [])
  }

  /// `id`: a string cannot collide with the integers of our other requests.
  func request(id: RequestID) -> [UInt8] {
    UpstreamRequest(revision: revision).request(
      id: id, method: "subscriptions/listen", version: WarmplaneVersion.current
    ) { writer in
      writer.key("notifications")
      writer.beginObject()
      for kind in kinds { writer.member(kind.listenFilter, true) }
      if !resources.isEmpty { writer.member("resourceSubscriptions", strings: resources) }
      writer.endObject()
    }
  }
}
