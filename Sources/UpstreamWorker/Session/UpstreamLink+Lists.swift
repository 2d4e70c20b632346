import Platform
import Protocol

/// Keeping the upstream's lists current.
extension UpstreamLink {
  /// Changes that come in a burst cause one listing, this long after the first.
  private static let debounce = Duration.milliseconds(100)
  /// How long the first listing waits for optional lists when it has all others: servers of the field ignore methods that
  /// they do not know.
  private static let optionalPatience = Duration.seconds(2)

  /// Lists `kinds` anew; those that the upstream does not announce are empty.
  func beginListing(_ kinds: Set<ListKind>) {
    let hash = catalog.hash
    for kind in ListKind.allCases where kinds.contains(kind) {
      if session?.capabilities.member(kind.capability) == nil {
        catalog.set(kind, items: [], problem: nil)
      } else {
        let reader = ListReader(kind: kind)
        lists[kind] = reader
        take(reader.begin(), kind)
      }
    }
    if lists.isEmpty { listingComplete(hashBefore: hash) }
  }

  func listAnswered(_ kind: ListKind, _ answer: Result<JSONSlice?, UpstreamError>) {
    guard var reader = lists[kind] else { return }
    switch answer {
    case .success(let result): take(reader.take(result ?? .emptyObject), kind, &reader)
    case .failure(let error): take(reader.refused(code: error.code, message: error.message), kind, &reader)
    }
  }

  /// The transport failed a page of a list.
  func listFailed(_ kind: ListKind, _ failure: RequestFailure) {
    guard var reader = lists[kind] else { return }
    if failure.isOutage || failure.failure.reason == .unauthorized {
      if phase == .listing, !kind.isOptional {
        let detail = "gave no \(kind.method): \(failure.failure.detail)"
        return failStart(UpstreamEnd(detail, readiness: failure.failure.code, retryAfter: failure.retryAfter))
      }
      if failure.isOutage, phase == .ready, !kind.isOptional {
        listBackoff.failed(at: .now, retryAfter: failure.retryAfter)
        staleLists.insert(kind)
      }
    }
    take(reader.failed(failure.failure.detail), kind, &reader)
  }

  private func take(_ step: ListReader.Step, _ kind: ListKind, _ reader: inout ListReader) {
    lists[kind] = reader
    take(step, kind)
  }

  private func take(_ step: ListReader.Step, _ kind: ListKind) {
    guard let session else { return }
    switch step {
    case .request(let cursor):
      let id = ids.next()
      pending[id] = .list(kind)
      transport?.send(
        OutgoingRequest(id, .list, kind.method) {
          UpstreamRequest(revision: session.revision).request(
            id: .int(Int64(id)), method: kind.method, version: WarmplaneVersion.current
          ) { writer in
            if let cursor { writer.member("cursor", cursor) }
          }
        })
    case .done(let all, let problem):
      lists[kind] = nil
      let items = kind == .tools ? usableTools(all, isComplete: problem == nil) : all
      if problem == nil, !kind.isOptional { listBackoff.succeeded() }
      let hash = catalog.hash
      catalog.set(kind, items: items, problem: problem)
      if let problem { note(problem) }
      if kind == .tools { sendWithNewHeaders(isListed: problem == nil) }
      if lists.isEmpty || isReady {
        listingComplete(hashBefore: hash)
      } else if hasOptionalListsOnly {
        loop.schedule(after: Self.optionalPatience) { [weak self] in
          // What comes later is a change.
          if let self, phase == .listing, hasOptionalListsOnly { finishStart() }
        }
      }
    }
  }

  private var hasOptionalListsOnly: Bool { lists.keys.allSatisfy(\.isOptional) }

  private func listingComplete(hashBefore: String) {
    switch phase {
    case .listing: finishStart()
    case .ready: if catalog.hash != hashBefore { handlers.catalogChanged() }
    case .opening, .over: break
    }
    // A change that came while its list was being read. Other lists may never end.
    if staleLists.contains(where: { lists[$0] == nil }) { scheduleListing() }
  }

  func listChanged(_ kinds: [ListKind]) {
    staleLists.formUnion(kinds)
    scheduleListing()
  }

  /// Notifications may have been lost: everything is listed again.
  func listsMayHaveChanged() {
    staleLists = Set(ListKind.allCases)
    scheduleListing()
  }

  private func scheduleListing() {
    guard isReady, relistTimer == nil else { return }
    relistTimer = loop.schedule(after: max(Self.debounce, listBackoff.delay(at: .now))) { [weak self] in
      guard let self else { return }
      relistTimer = nil
      // A list that is being read right now is read again afterwards.
      let kinds = staleLists.filter { self.lists[$0] == nil }
      staleLists.subtract(kinds)
      if !kinds.isEmpty { beginListing(kinds) }
    }
  }

  /// One liveness round trip on the real connection. Any answer counts, also a refusal: the upstream is alive. Without
  /// an answer the handler may never be called.
  func probe(_ handler: @escaping (Result<Duration, CallFailure>) -> Void) {
    guard isReady, let session else { return }
    let id = ids.next()
    pending[id] = .probe(PendingProbe(started: .now, handler: handler))
    let method = session.revision.era == .modern ? "server/discover" : "ping"
    transport?.send(
      OutgoingRequest(id, .probe, method) {
        UpstreamRequest(revision: session.revision).request(
          id: .int(Int64(id)), method: method, version: WarmplaneVersion.current)
      })
  }
}
