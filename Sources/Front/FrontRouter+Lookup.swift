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
    if let refusal = refusal(of: operation) { return finish(id, .failure(refusal)) }
    if let keyed = operation.keyed { admit(operation, keyed) } else { lookUp(operation) }
  }

  /// An id that nobody knows may belong to a server that was never listed, or to several: names may contain dots.
  func lookUp(_ operation: FrontOperation) {
    if operation.purpose == .meet { return answerMeeting(operation) }
    // Catalog and configuration may have changed while a server was waited for.
    if let refusal = refusal(of: operation) { return finish(operation.id, .failure(refusal)) }
    let scoped = scoped(operation.target.scope)
    if let route = operation.route {
      submit(operation, route.server, route.upstreamName)
    } else if let entry = scoped.entry(operation.kind, operation.entryID) {
      switch operation.purpose {
      case .carryOut: submit(operation, entry.server, entry.upstreamName)
      case .describe: answerDescription(operation)
      case .meet: break
      }
    } else if operation.kind == .resource, let (server, uri) = scoped.forwardedResource(operation.entryID) {
      submit(operation, server, uri)
    } else if let owner = scoped.unlistedOwners(of: operation.entryID, operation.kind)
      .first(where: { !operation.triedServers.contains($0) })
    {
      waitForServer(operation, owner)
    } else {
      let failure = operation.refusal ?? FailureMapping.unknown(operation.kind, operation.asked)
      finish(operation.id, .failure(failure))
    }
  }

  /// Waits for a server that is starting, and answers when it is up or will not be.
  func meet(_ server: String, _ target: any ReplyTarget, within milliseconds: Int) {
    var operation = FrontOperation(
      id: .random(using: &random), kind: .capability, purpose: .meet, target: target, trace: .generate(using: &random),
      requestID: nil, entryID: "", asked: "", payload: nil, admitted: .now)
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

  /// What is told before anything is looked up; nil when that may be done.
  private func refusal(of operation: FrontOperation) -> OperationFailure? {
    let scoped = scoped(operation.target.scope)
    switch scoped.verdict(operation.kind, operation.entryID, of: operation.route?.server) {
    case .open: return nil
    case .denied: return FailureMapping.denied(operation.kind, operation.asked)
    case .unknown: return FailureMapping.unknown(operation.kind, operation.asked)
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
