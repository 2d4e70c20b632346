import Platform
import Protocol
import Supervisor

/// From an id to its capability: policy, lookup, server (contract §3.4), for calls and descriptions alike.
extension FrontRouter {
  /// Takes an operation. It ends with `finish` or `abandon`, possibly before this returns.
  func begin(_ operation: FrontOperation) {
    operations[operation.id] = operation
    watchClient(operation)
    guard !isStopping else { return finish(operation.id, .failure(FailureMapping.stopping)) }
    guard policy.allows(operation.capabilityID) else {
      return finish(
        operation.id, .failure(FailureMapping.denied(kind: "Capability", id: operation.capabilityID)))
    }
    lookUp(operation)
  }

  /// A client that goes away before the answer cancels its operation.
  private func watchClient(_ operation: FrontOperation) {
    switch operation.target {
    case .http(let exchange): exchange.onDisconnect { self.abandon(operation.id) }
    case .control(let session, _): session.operations.insert(operation.id)
    }
  }

  /// An id that nobody knows may belong to a server that was never listed, or to several: names may contain dots.
  private func lookUp(_ operation: FrontOperation) {
    if let capability = catalog[operation.capabilityID] {
      switch operation.purpose {
      case .call: submit(operation, capability)
      case .describe: answerDescription(operation, capability)
      }
    } else if let owner = catalog.unlistedOwners(of: operation.capabilityID)
      .first(where: { !operation.triedServers.contains($0) })
    {
      waitForListing(operation, owner)
    } else {
      finish(
        operation.id, .failure(operation.refusal ?? FailureMapping.unknownCapability(operation.capabilityID)))
    }
  }

  /// Waits for `server` until the deadline, then looks again.
  private func waitForListing(_ operation: FrontOperation, _ server: String) {
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
          of: .expiredWhileStarting, kind: operation.purpose.rawValue, server: operation.server,
          timeoutMilliseconds: operation.timeoutMilliseconds))
    }
  }
}
