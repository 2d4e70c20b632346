import Platform
import Protocol
import Supervisor

/// From an id to its entry: policy, lookup, server (contract §3.4), for operations and descriptions alike.
extension FrontRouter {
  /// Takes an operation. It ends with `finish` or `abandon`, possibly before this returns.
  func begin(_ operation: FrontOperation) {
    let id = operation.id
    operations[id] = operation
    // A client that goes away before the answer cancels its operation.
    operation.target.began(id) { self.abandon(id) }
    guard !isStopping else { return finish(id, .failure(FailureMapping.stopping)) }
    guard policy.allows(operation.entryID) else {
      return finish(id, .failure(FailureMapping.denied(operation.kind, operation.entryID)))
    }
    if let keyed = operation.keyed { admit(operation, keyed) } else { lookUp(operation) }
  }

  /// An id that nobody knows may belong to a server that was never listed, or to several: names may contain dots.
  func lookUp(_ operation: FrontOperation) {
    if let entry = catalog.entry(operation.kind, operation.entryID) {
      switch operation.purpose {
      case .carryOut: submit(operation, entry.server, entry.upstreamName)
      case .describe: answerDescription(operation)
      }
    } else if operation.kind == .resource, let (server, uri) = catalog.forwardedResource(operation.entryID) {
      submit(operation, server, uri)
    } else if let owner = catalog.unlistedOwners(of: operation.entryID, operation.kind)
      .first(where: { !operation.triedServers.contains($0) })
    {
      waitForServer(operation, owner)
    } else {
      let failure = operation.refusal ?? FailureMapping.unknown(operation.kind, operation.entryID)
      finish(operation.id, .failure(failure))
    }
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
