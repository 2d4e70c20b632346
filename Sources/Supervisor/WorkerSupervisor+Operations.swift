package import Platform
package import Protocol
import Telemetry

/// Carrying operations to workers and their answers back.
extension WorkerSupervisor {
  /// The worker ends an operation at its deadline; one that has not is hung when this much more has passed.
  private static let backstop = Duration.seconds(2)
  /// Operations that may wait for one server that is not up; one more is refused as `queue_full`.
  static let mostWaiting = 1024

  /// Takes an operation. It ends with exactly one `operationEnded`, possibly before this returns.
  package func submit(_ operation: Operation) {
    guard let server = server(operation.server) else {
      let message = "Server \"\(operation.server)\" is not configured."
      return _ = tell(
        operation.id, server: operation.server, blob: operation.blob, .unavailable(.disabled, message: message))
    }
    let now = MonotonicTime.now
    switch server.machine.state {
    case .up:
      send(operation, admitted: now, server, now)
    case .waiting, .starting, .replacing:
      enqueue(operation, operation.id, operation.deadline, now, server)
    case .backingOff where !server.machine.isHeld(at: operation.deadline):
      enqueue(operation, operation.id, operation.deadline, now, server)
      handle(.wanted, server)
    case .backingOff, .needsAuth, .disabled, .misconfigured, .stopping, .stopped:
      let (code, message) = (server.machine.code, server.machine.message(server: server.id))
      _ = tell(operation.id, server: server.id, blob: operation.blob, .unavailable(code, message: message))
    }
  }

  /// Waits until `server` is up, at most until `deadline`; the end is told by `serverWaitEnded`, possibly before this
  /// returns. For ids that nobody knows yet.
  package func wait(for server: String, id: OperationID, until deadline: MonotonicTime) {
    guard let runtime = self.server(server) else {
      delegate?.assumeIsolated { $0.serverWaitEnded(id, .unavailable(.disabled, message: "Unknown server.")) }
      return
    }
    switch runtime.machine.state {
    case .up: delegate?.assumeIsolated { $0.serverWaitEnded(id, .up) }
    case .waiting, .starting, .replacing: enqueue(nil, id, deadline, .now, runtime)
    case .backingOff where !runtime.machine.isHeld(at: deadline):
      enqueue(nil, id, deadline, .now, runtime)
      handle(.wanted, runtime)
    case .backingOff, .needsAuth, .disabled, .misconfigured, .stopping, .stopped:
      let (code, message) = (runtime.machine.code, runtime.machine.message(server: server))
      delegate?.assumeIsolated { $0.serverWaitEnded(id, .unavailable(code, message: message)) }
    }
  }

  /// The asker has gone, or somebody cancels the operation: it is given up, upstream too.
  @discardableResult
  package func cancel(_ id: OperationID) -> Cancellation {
    guard let entry = active[id] else {
      guard let worker = draining.first(where: { $0.blobs[id] != nil }) else { return .notFound }
      worker.link.cancel(id)
      return .passedOn(sentAt: nil)
    }
    switch entry.phase {
    case .waiting:
      end(id, nil)
      return .withdrawn
    case .sent:
      server(entry.server)?.link?.cancel(id)
      return .passedOn(sentAt: entry.sentAt)
    }
  }

  private func enqueue(
    _ operation: Operation?, _ id: OperationID, _ deadline: MonotonicTime, _ now: MonotonicTime, _ server: ServerRuntime
  ) {
    guard server.waiting.count < Self.mostWaiting else {
      return refuse(operation, id, "\(server.waiting.count) operations wait for the server already")
    }
    let timer = loop.schedule(at: deadline) { self.end(id, .expiredWhileStarting) }
    active[id] = ActiveOperation(operation: operation, server: server.id, admitted: now, phase: .waiting, timer: timer)
    server.waiting.append(id)
  }

  private func refuse(_ operation: Operation?, _ id: OperationID, _ detail: String) {
    if let operation {
      let outcome = CallOutcome.notSent(CallFailure(.queueFull, detail))
      _ = tell(id, server: operation.server, blob: operation.blob, .answered(outcome))
    } else {
      delegate?.assumeIsolated { $0.serverWaitEnded(id, .expired) }
    }
  }

  private func send(_ operation: Operation, admitted: MonotonicTime, _ server: ServerRuntime, _ now: MonotonicTime) {
    guard let link = server.link else { fatalError("server \(server.id) is up without a worker") }
    noteSent(operation, admitted: admitted, sentAt: now, server, link)
    link.call(operation, now: now)
  }

  /// Enters an operation that its worker has, or gets in this turn. `sentAt` nil: an earlier daemon sent it.
  func noteSent(
    _ operation: Operation, admitted: MonotonicTime, sentAt: MonotonicTime?, _ server: ServerRuntime, _ link: WorkerLink
  ) {
    let timer = loop.schedule(at: operation.deadline + Self.backstop) {
      // Its answer is not read any more, and the next daemon looks after it.
      if self.isGivingWay { return }
      // Its worker is hung: end it, which ends the operation too.
      link.process.send(signal: 9)
    }
    active[operation.id] = ActiveOperation(
      operation: operation, server: server.id, admitted: admitted, phase: .sent, timer: timer, sentAt: sentAt)
    server.inFlight.insert(operation.id)
    server.calls += 1
  }

  func releaseWaiters(of server: ServerRuntime) {
    let ids = server.waiting
    server.waiting = []
    let now = MonotonicTime.now
    for id in ids {
      guard let entry = active[id] else { continue }
      if let operation = entry.operation {
        entry.timer.cancel()
        send(operation, admitted: entry.admitted, server, now)
      } else {
        active[id] = nil
        entry.timer.cancel()
        delegate?.assumeIsolated { $0.serverWaitEnded(id, .up) }
      }
    }
  }

  func failWaiters(of server: ServerRuntime) {
    let (code, message) = (server.machine.code, server.machine.message(server: server.id))
    let ids = server.waiting
    server.waiting = []
    for id in ids { end(id, .unavailable(code, message: message)) }
  }

  /// An answer of a worker.
  func answered(_ answer: CallAnswer, _ server: ServerRuntime) -> Delivery {
    guard let entry = active[answer.operation] else {
      // Lost meanwhile, or asked of an earlier daemon: the front knows.
      return tell(answer.operation, server: server.id, blob: answer.blob, .answered(answer.outcome))
    }
    server.lastActivity = .now
    switch answer.outcome {
    case .completed:
      server.timeoutsInRow = 0
      server.latency.insert(server.lastActivity - entry.admitted)
    case .unknown(let failure) where failure.reason == .timeout:
      server.timeoutsInRow += 1
      server.errors += 1
    case .rejected:
      server.timeoutsInRow = 0
      server.errors += 1
    case .failed, .notSent, .unknown: server.errors += 1
    }
    let delivery = end(answer.operation, .answered(answer.outcome))
    if server.timeoutsInRow >= 2 { probeNow(server) }
    return delivery
  }

  func tell(
    _ id: OperationID, server: String, blob: JSONSlice, _ result: OperationEnd, sentAt: MonotonicTime? = nil
  ) -> Delivery {
    guard let delegate else { return .kept }
    return delegate.assumeIsolated {
      LoopBound($0.operationEnded(id, server: server, blob: blob, result, sentAt: sentAt))
    }.value
  }

  /// The worker died with its operations: each may have run.
  func loseOperations(of server: ServerRuntime, _ reason: String) {
    let ids = server.inFlight
    server.errors += ids.count
    for id in ids {
      end(id, .lost("Server \"\(server.id)\" \(reason) during the call; it may have run. It is being restarted."))
    }
  }

  /// Forgets an operation and tells the front how it ended; nil: the front knows already.
  @discardableResult
  private func end(_ id: OperationID, _ result: OperationEnd?) -> Delivery {
    guard let entry = active.removeValue(forKey: id) else { return .done }
    entry.timer.cancel()
    if let server = server(entry.server) {
      if entry.phase == .sent {
        server.inFlight.remove(id)
      } else {
        server.waiting.removeAll { $0 == id }
      }
    }
    guard let result else { return .done }
    if let blob = entry.operation?.blob {
      return tell(id, server: entry.server, blob: blob, result, sentAt: entry.sentAt)
    }
    let wait: ServerWait
    if case .unavailable(let code, let message) = result {
      wait = .unavailable(code, message: message)
    } else {
      wait = .expired
    }
    delegate?.assumeIsolated { $0.serverWaitEnded(id, wait) }
    return .done
  }
}
