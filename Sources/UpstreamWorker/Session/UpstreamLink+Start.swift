import Platform
import Protocol

/// Opening and ending the session.
extension UpstreamLink {
  /// Opens the session over what `makeTransport` makes. Everything up to the first listing is bounded by the launch's
  /// deadline. Once.
  func start(_ makeTransport: (TransportEvents) -> any UpstreamTransport) {
    deadline = loop.schedule(after: .milliseconds(launch.startTimeoutMilliseconds)) { [weak self] in
      self?.startTimedOut()
    }
    let transport = makeTransport(
      TransportEvents(
        alive: { [weak self] in self?.noteAlive() },
        opened: { [weak self] session in self?.open(session) },
        received: { [weak self] message, origin in self?.receive(message, origin) },
        failed: { [weak self] id, failure in self?.failed(id, failure) },
        missedChanges: { [weak self] in self?.missedChanges() },
        ended: { [weak self] end in self?.transportEnded(end) },
        gone: { [weak self] in self?.transportGone() },
        note: { [weak self] text in self?.note(text) },
        line: { [weak self] line in self?.logged(line) }))
    self.transport = transport
    transport.listen(to: interests.resources)
    transport.start()
  }

  private func open(_ established: Established) {
    session = established
    forgetInterests(established)
    switch phase {
    case .opening:
      phase = .listing
      beginListing(Set(ListKind.allCases))
    case .listing, .ready:
      listsMayHaveChanged()
      reconcile()
    case .over: break
    }
  }

  /// The first listing is complete.
  func finishStart() {
    phase = .ready
    deadline?.cancel()
    guard let snapshot else { fatalError("a session became ready without a transport") }
    handlers.started(.success(snapshot))
    reconcile()
  }

  private func startTimedOut() {
    let waited = "within \(launch.startTimeoutMilliseconds) ms"
    switch phase {
    case .opening:
      failStart(UpstreamEnd("did not answer \(transport?.openingMethod ?? "initialize") \(waited)"))
    case .listing:
      let open = lists.keys.map(\.method).sorted().joined(separator: ", ")
      failStart(UpstreamEnd("did not answer \(open) \(waited)"))
    case .ready, .over: break
    }
  }

  func failStart(_ end: UpstreamEnd) {
    guard !isOver else { return }
    close()
    let words = lastWords.map { "; its last words: \($0)" } ?? ""
    handlers.started(
      .failure(UpstreamEnd("\(end.detail)\(words)", readiness: end.readiness, retryAfter: end.retryAfter)))
    transport?.stop(grace: .milliseconds(launch.graceMilliseconds))
  }

  private func transportEnded(_ end: UpstreamEnd) {
    switch phase {
    case .opening: failStart(end)
    case .listing:
      failStart(
        UpstreamEnd(
          "\(end.detail) during its first listing", readiness: end.readiness, retryAfter: end.retryAfter))
    case .ready:
      close()
      failCalls(CallFailure(.upstreamDied, "the server \(end.detail)", code: end.readiness))
      handlers.ended(end)
      transport?.stop(grace: .milliseconds(launch.graceMilliseconds))
    case .over: break
    }
  }

  private func transportGone() {
    transport = nil
    handlers.gone()
  }

  /// Ends the session on purpose; `handlers.gone` tells when nothing is left of it.
  func stop() {
    let wasOver = isOver
    close()
    if !wasOver { failCalls(CallFailure(.upstreamDied, "the server was stopped")) }
    transport?.stop(grace: .milliseconds(launch.graceMilliseconds))
  }

  private func close() {
    phase = .over
    deadline?.cancel()
    relistTimer?.cancel()
  }
}
