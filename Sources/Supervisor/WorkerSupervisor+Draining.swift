import Configuration
import Glibc
import Platform
import Protocol
import Telemetry

/// Workers whose server is not configured any more, or not as they know it: they finish what they have in hand and end.
extension WorkerSupervisor {
  /// Between telling a worker to end and killing it, beside the grace of its upstream's teardown.
  private static let patience = Duration.seconds(3)

  /// Lets a worker answer what is in flight, then ends it. Its server's next start waits for that.
  func drain(_ link: WorkerLink, _ snapshot: WorkerSnapshot) {
    let worker = DrainingWorker(link, server: snapshot.server)
    log.info(
      "ending a worker of an earlier daemon",
      [
        LogField("server_id", snapshot.server), LogField("worker_pid", Int(snapshot.pid)),
        LogField("in_flight", snapshot.inFlight.count),
      ])
    for operation in snapshot.inFlight { worker.blobs[operation.operation] = operation.blob }
    draining.append(worker)
    link.onAnswer = { answer in
      worker.blobs[answer.operation] = nil
      let delivery = self.tell(
        answer.operation, server: worker.server, blob: answer.blob, .answered(answer.outcome))
      if worker.blobs.isEmpty { self.endDrained(worker) }
      return delivery
    }
    link.onNotification = { method, params in if method == WorkerMethod.progress { self.progressed(params) } }
    link.onLost = { _ in self.lost(worker) }
    link.process.onExit = { _ in self.drained(worker) }
    for (id, blob) in worker.blobs {
      delegate?.assumeIsolated { $0.operationAdopted(id, server: snapshot.server, blob: blob) }
    }
    // Behind its deadline plus the worker's own margin nothing is in flight any more.
    let longest = snapshot.inFlight.map(\.remainingMilliseconds).max() ?? 0
    worker.timer = loop.schedule(after: .milliseconds(longest) + .seconds(2)) { self.end(link, worker) }
    if worker.blobs.isEmpty || isStopping { endDrained(worker) }
  }

  /// Not at once: kept answers of a worker that has nothing in flight are on their way behind its snapshot.
  private func endDrained(_ worker: DrainingWorker) {
    loop.atEndOfTurn { self.end(worker.link, worker) }
  }

  /// Tells a worker to end, by frame and by signal, and kills it when it does not.
  func end(_ link: WorkerLink, _ worker: DrainingWorker, isHung: Bool = false) {
    guard !worker.isEnding else { return }
    worker.isEnding = true
    worker.timer?.cancel()
    if !draining.contains(where: { $0 === worker }) {
      draining.append(worker)
      link.onLost = { _ in self.lost(worker) }
      link.process.onExit = { _ in self.drained(worker) }
    }
    link.request(WorkerMethod.shutdown, timeout: nil, params: { $0.writeEmptyObject() }) { _ in }
    link.process.send(signal: SIGTERM)
    // One that does not answer is hung; one that speaks another version ends its upstream cleanly.
    let patience =
      isHung
      ? .zero
      : Duration.milliseconds(2 * settings.configuration.daemon.stopGraceMs) + Self.patience
        + WorkerMethod.settlePatience
    worker.timer = loop.schedule(after: patience) { link.process.send(signal: SIGKILL) }
    if link.process.exitStatus != nil { drained(worker) }
  }

  private func lost(_ worker: DrainingWorker) {
    let blobs = worker.blobs
    worker.blobs = [:]
    for (id, blob) in blobs {
      let end = OperationEnd.lost("Server \"\(worker.server)\" lost its worker during the call; it may have run.")
      _ = tell(id, server: worker.server, blob: blob, end)
    }
    if !worker.isEnding { end(worker.link, worker) }
  }

  /// Its process has ended: what it left is killed, and its server may start.
  private func drained(_ worker: DrainingWorker) {
    guard !worker.isGone else { return }
    worker.isGone = true
    worker.timer?.cancel()
    lost(worker)
    worker.link.close()
    let mark = worker.link.mark
    Task {
      if !mark.isEmpty { await self.sweep(mark) }
      self.draining.removeAll { $0 === worker }
      for server in self.servers where !self.isBlocked(server) { self.sweepEnded(server) }
      self.stopMayBeComplete()
    }
  }

  /// Whether a worker that may be of an earlier self of `server` still lives.
  func isBlocked(_ server: ServerRuntime) -> Bool {
    !hasIdentifiedWorkers || draining.contains { $0.server == server.id || $0.server.isEmpty }
      || retired.contains { $0.successor === server }
  }
}

/// A worker that is being ended while it may still have operations. Loop-confined.
final class DrainingWorker {
  let link: WorkerLink
  /// Empty when it has not said for whom it works: then every server waits for its end.
  let server: String
  /// What is in flight, and who asked.
  var blobs: [OperationID: JSONSlice] = [:]
  var timer: Timer?
  var isEnding = false
  /// Its process has ended.
  var isGone = false

  init(_ link: WorkerLink, server: String) {
    self.link = link
    self.server = server
  }
}
