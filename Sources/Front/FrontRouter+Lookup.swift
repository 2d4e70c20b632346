import Platform
import Protocol
import Supervisor
import Telemetry

/// From an id to its entry: policy, lookup, server (contract §3.4), for operations and descriptions alike.
extension FrontRouter {
  /// Takes an operation. It ends with `finish` or `abandon`, possibly before this returns.
  func begin(_ operation: FrontOperation) {
    let id = operation.id
    operations[id] = operation
    // A client that goes away before the answer cancels its operation.
    operation.target.began(id) { self.abandon(id) }
    guard !isStopping else { return finish(id, .failure(FailureMapping.stopping)) }
    // Before the policy, which would tell that it exists.
    guard !isHidden(operation) else {
      return finish(id, .failure(FailureMapping.unknown(operation.kind, operation.entryID)))
    }
    guard policy.allows(operation.entryID) else {
      return finish(id, .failure(FailureMapping.denied(operation.kind, operation.entryID)))
    }
    if let keyed = operation.keyed { admit(operation, keyed) } else { lookUp(operation) }
  }

  /// An id that nobody knows may belong to a server that was never listed, or to several: names may contain dots.
  func lookUp(_ operation: FrontOperation) {
    if operation.purpose == .meet { return answerMeeting(operation) }
    // The catalog may have changed while a server was waited for.
    guard !isHidden(operation) else {
      return finish(operation.id, .failure(FailureMapping.unknown(operation.kind, operation.entryID)))
    }
    if let route = operation.route {
      submit(operation, route.server, route.upstreamName)
    } else if let entry = catalog.entry(operation.kind, operation.entryID) {
      switch operation.purpose {
      case .carryOut: submit(operation, entry.server, entry.upstreamName)
      case .describe: answerDescription(operation)
      case .meet: break
      }
    } else if operation.kind == .resource, let (server, uri) = catalog.forwardedResource(operation.entryID) {
      submit(operation, server, uri)
    } else if let owner = catalog.unlistedOwners(of: operation.entryID, operation.kind)
      .first(where: { !operation.triedServers.contains($0) && operation.target.scope.includes($0) })
    {
      waitForServer(operation, owner)
    } else {
      let failure = operation.refusal ?? FailureMapping.unknown(operation.kind, operation.entryID)
      finish(operation.id, .failure(failure))
    }
  }

  /// Waits for a server that is starting, and answers when it is up or will not be.
  func meet(_ server: String, _ target: any ReplyTarget, within milliseconds: Int) {
    var operation = FrontOperation(
      id: .random(using: &random), kind: .capability, purpose: .meet, target: target, trace: .generate(using: &random),
      requestID: nil, entryID: "", payload: nil, admitted: .now)
    operation.timeoutMilliseconds = milliseconds
    let (id, deadline) = (operation.id, operation.deadline)
    operations[id] = operation
    target.began(id) { self.abandon(id) }
    supervisor.assumeIsolated { $0.wait(for: server, id: id, until: deadline) }
  }

  private func answerMeeting(_ operation: FrontOperation) {
    guard operations.removeValue(forKey: operation.id) != nil else { return }
    operation.target.ended(operation.id)
    operation.target.reply(status: 200, body: [])
    operationsChanged()
  }

  /// Whether what it is about does not exist for its client. False for what nobody knows.
  private func isHidden(_ operation: FrontOperation) -> Bool {
    let scope = operation.target.scope
    guard scope.isLimited else { return false }
    let id = operation.entryID
    let owner =
      operation.route?.server ?? catalog.entry(operation.kind, id)?.server
      ?? (operation.kind == .resource ? catalog.forwardedResource(id)?.server : nil)
    return owner.map { !scope.shows(id, of: $0) } ?? false
  }

  /// The public id that a client means, who need not name the server when there is only one.
  func publicID(_ id: String, _ kind: EntryKind, _ scope: Scope) -> String {
    guard let server = scope.onlyServer, catalog.entry(kind, id) == nil else { return id }
    let whole = catalog.publicID(of: "\(server).\(id)", kind)
    if catalog.entry(kind, whole) != nil { return whole }
    if kind == .resource, catalog.forwardedResource(id) == nil, catalog.forwardedResource(whole) != nil { return whole }
    // Nobody knows yet what it has.
    return catalog.isListed(server) || id.utf8.starts(with: "\(server).".utf8) ? id : whole
  }

  /// Waits for `server` until the deadline, then looks again.
  func waitForServer(_ operation: FrontOperation, _ server: String) {
    var operation = operation
    operation.server = server
    operation.triedServers.insert(server)
    operation.timeoutMilliseconds = timeout(of: server)
    operations[operation.id] = operation
    let (id, deadline) = (operation.id, operation.deadline)
    // A call makes a server try again, a description only waits for one that starts anyway.
    if operation.purpose == .describe, let readiness = supervisor.assumeIsolated({ $0.readiness(of: server) }),
      readiness.code != .starting
    {
      return waitEnded(
        id, readiness.code == .ready ? .up : .unavailable(readiness.code, message: readiness.message))
    }
    supervisor.assumeIsolated { $0.wait(for: server, id: id, until: deadline) }
  }

  /// The supervisor's answer to `wait(for:)`.
  func waitEnded(_ id: OperationID, _ result: ServerWait) {
    guard var operation = operations[id] else { return }
    if operation.purpose == .meet { return answerMeeting(operation) }
    switch result {
    case .up: lookUp(operation)
    case .unavailable(let code, let message):
      if operation.refusal == nil { operation.refusal = FailureMapping.unavailable(code, message) }
      operations[id] = operation
      lookUp(operation)
    case .expired:
      finish(
        id,
        FailureMapping.outcome(
          of: .expiredWhileStarting, kind: operation.name, server: operation.server,
          timeoutMilliseconds: operation.timeoutMilliseconds))
    }
  }
}
