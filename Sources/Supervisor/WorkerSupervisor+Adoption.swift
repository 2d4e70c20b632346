import Configuration
import Glibc
import Platform
package import Protocol
import Telemetry
import Transport

/// Taking over the workers of an earlier daemon of this configuration: they still hold their upstreams' sessions, and
/// the answers that nobody has fetched.
extension WorkerSupervisor {
  /// A worker answers `hello` from memory; one that does not within this time is hung.
  private static let patience = Duration.seconds(2)

  /// Connects to what listens at worker sockets and asks who it is. Servers wait with their start until every worker has
  /// said so: there is never a second set of one server's processes.
  func adoptWorkers() {
    for index in workerSockets() {
      let path = settings.paths.workerSocket(index)
      // A new worker never gets the index of one that lives.
      reserve(index)
      do {
        let link = try WorkerLink(loop: loop, adopting: path)
        identify(link)
      } catch {
        // Nobody listens any more: a stale file.
        unlink(path)
      }
    }
    guard unidentified > 0 else { return bootServers() }
    for server in servers { server.isSweeping = true }
  }

  private func workerSockets() -> [Int] {
    guard let directory = opendir(settings.paths.runtimeDirectory) else { return [] }
    defer { closedir(directory) }
    var indices: [Int] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name.hasPrefix("w-"), name.hasSuffix(".sock"), let index = Int(name.dropFirst(2).dropLast(5)),
        (0..<100_000).contains(index)
      else { continue }
      indices.append(index)
    }
    return indices.sorted()
  }

  private func identify(_ link: WorkerLink) {
    unidentified += 1
    do { try link.start() } catch {
      return identified(link, nil)
    }
    // Answers that nobody acknowledged follow the snapshot at once: the handler of the result makes ready for them.
    link.request(WorkerMethod.hello, timeout: Self.patience, params: { WorkerHello.current.write(to: &$0) }) { result in
      switch result {
      case .success(let answer): self.identified(link, WorkerSnapshot(answer))
      case .failure(let failure):
        self.log.warn(
          "a worker of an earlier daemon cannot be taken over",
          [LogField("worker_pid", Int(link.process.pid)), LogField("detail", failure.description)])
        if case .timedOut = failure { self.end(link, DrainingWorker(link, server: ""), isHung: true) }
        self.identified(link, nil)
      }
    }
  }

  private func identified(_ link: WorkerLink, _ snapshot: WorkerSnapshot?) {
    if let snapshot {
      link.mark = snapshot.mark
      if let server = heir(of: snapshot) {
        adopt(link, snapshot, server)
      } else {
        drain(link, snapshot)
      }
      // Who asks for an answer that is still on its way here must not be told that nobody has it.
      return link.catchUp(with: snapshot.unacknowledged) { self.workerIdentified() }
    } else if !draining.contains(where: { $0.link === link }) {
      // Asked by signal, since frames do not help: it ends its upstream cleanly.
      end(link, DrainingWorker(link, server: ""))
    }
    workerIdentified()
  }

  private func workerIdentified() {
    unidentified -= 1
    if unidentified == 0 { bootServers() }
  }

  /// The configured server that a worker works for: its entry must be the one that the worker was started with.
  private func heir(of snapshot: WorkerSnapshot) -> ServerRuntime? {
    guard let server = server(snapshot.server), server.link == nil,
      server.launch.fingerprint(of: server.entry, settings) == snapshot.fingerprint
    else { return nil }
    switch server.machine.state {
    case .waiting, .starting, .backingOff: return server
    default: return nil
    }
  }

  /// Starts what was not adopted. Calls may have made servers want to start before.
  private func bootServers() {
    hasIdentifiedWorkers = true
    for server in servers {
      if !isBlocked(server) { sweepEnded(server) }
      handle(.boot, server)
    }
    delegate?.assumeIsolated { $0.workersIdentified() }
  }

  // MARK: Adopting

  private func adopt(_ link: WorkerLink, _ snapshot: WorkerSnapshot, _ server: ServerRuntime) {
    server.link = link
    server.workerStartedAt = snapshot.startedAt
    server.forgotten = snapshot.forgotten
    connect(link, server)
    log.info(
      "took over a worker of an earlier daemon",
      fields(server) + [
        LogField("worker_pid", Int(snapshot.pid)), LogField("worker_version", snapshot.version),
        LogField("in_flight", snapshot.inFlight.count), LogField("answers", snapshot.unacknowledged.count),
      ])
    for operation in snapshot.inFlight { take(operation, server, link) }
    inherit(snapshot.interests, server)
    // Without a session `boot` starts its upstream, or waits for the start that is under way.
    guard let session = snapshot.session else { return }
    server.session = session
    server.era = session.revision.era
    server.isSweeping = false
    server.startsAfterSweep = false
    handle(.adopted, server)
    readCatalog(server, link)
  }

  private func take(_ operation: InFlightOperation, _ server: ServerRuntime, _ link: WorkerLink) {
    let now = MonotonicTime.now
    let deadline = now + .milliseconds(operation.remainingMilliseconds)
    let carried = Operation(
      id: operation.operation, server: server.id, method: "", parameters: .emptyObject, blob: operation.blob,
      deadline: deadline, timeoutMilliseconds: operation.remainingMilliseconds, traceparent: nil)
    noteSent(carried, admitted: now, sentAt: nil, server, link)
    let id = server.id
    delegate?.assumeIsolated { $0.operationAdopted(operation.operation, server: id, blob: operation.blob) }
  }

  /// Whether nobody can have carried out what a client asked at `moment` (nanoseconds of the monotonic clock) and the
  /// worker of `server` neither has in hand nor keeps an answer to: the worker is older than the question, a server never
  /// has two, and under the earlier daemons it has not forgotten it either. `asker` nil: somebody else keeps book of what
  /// was answered.
  package func provesNotSent(_ server: String, askedAt moment: Int64, by asker: String?) -> Bool {
    guard let runtime = self.server(server), runtime.link != nil, let started = runtime.workerStartedAt,
      started < moment
    else { return false }
    guard let asker else { return true }
    return runtime.forgotten?.excludes(asker, since: moment) ?? false
  }

  /// The answer to an adopted operation was delivered, or nobody will ever ask for it.
  package func acknowledge(_ operation: OperationID, server: String, _ delivery: Delivery = .done) {
    guard case .passedOn(let receipt, let mark) = delivery else { return }
    self.server(server)?.link?.acknowledge(operation, receipt, mark: mark)
    for worker in draining where worker.server == server { worker.link.acknowledge(operation, receipt, mark: mark) }
  }
}
