import Configuration
package import Platform
package import Protocol
import Telemetry
import Transport

/// What the supervisor says of its servers.
extension WorkerSupervisor {
  /// One row per configured server, sorted by id. `omissions`: what is told in place of what was noted, by server.
  package func readiness(omissions: [String: [String]]? = nil) -> [Readiness] {
    servers.map { server in
      let own = omissions.map { $0[server.id] ?? [] }
      return Readiness(
        server: server.id, code: server.machine.code, message: server.machine.message(server: server.id, omissions: own)
      )
    }
    .sorted { $0.server.utf8.lexicographicallyPrecedes($1.server.utf8) }
  }

  /// The code and message of one server; nil for one that is not configured.
  package func readiness(of id: String) -> Readiness? {
    server(id).map { Readiness(server: id, code: $0.machine.code, message: $0.machine.message(server: id)) }
  }

  /// The live MCP session with a server; nil while there is none.
  package func session(of id: String) -> UpstreamSession? { server(id)?.session }

  /// The moment until which a first list waits for servers in their first start, of those that it `includes`; nil when
  /// none is in it.
  package func firstStartsEnd(
    waiting limit: Duration, for includes: (_ server: String) -> Bool = { _ in true }
  ) -> MonotonicTime? {
    let now = MonotonicTime.now
    return servers.filter { $0.machine.isFirstStart && !$0.machine.hasFailed && $0.machine.code == .starting }
      .filter { includes($0.id) }
      .map { ($0.firstAttempt ?? now) + limit }.filter { $0 > now }.max()
  }

  /// Everything of `status`, sorted by id, with memory figures where workers give them within a second.
  package func status() async -> [ServerStatus] {
    var rows: [ServerStatus] = []
    let figures = await gatherFigures()
    for server in servers {
      var row = status(of: server)
      // Of a server elsewhere there is nothing here to measure.
      if case .stdio = server.entry.transport { row.memoryBytes = figures[server.id]?.upstream }
      row.workerMemoryBytes = figures[server.id]?.worker
      rows.append(row)
    }
    return rows.sorted { $0.server.utf8.lexicographicallyPrecedes($1.server.utf8) }
  }

  private struct Figures: Sendable {
    var upstream: Int?
    var worker: Int?
  }

  /// Asks all workers at the same time; those that do not answer have no figures.
  private func gatherFigures() async -> [String: Figures] {
    let questions = servers.map { server in (server.id, Task { await self.figures(of: server.id) }) }
    var figures: [String: Figures] = [:]
    for (id, question) in questions { figures[id] = await question.value }
    return figures
  }

  private func figures(of id: String) async -> Figures? {
    await withCheckedContinuation { continuation in
      guard let link = server(id)?.link else { return continuation.resume(returning: nil) }
      link.request(WorkerMethod.figures, timeout: .seconds(1), params: { $0.writeEmptyObject() }) { result in
        guard case .success(let answer) = result else { return continuation.resume(returning: nil) }
        continuation.resume(
          returning: Figures(
            upstream: answer.member("memoryBytes")?.int, worker: answer.member("workerMemoryBytes")?.int))
      }
    }
  }

  private func status(of server: ServerRuntime) -> ServerStatus {
    ServerStatus(
      server: server.id, state: server.machine.word, code: server.machine.code,
      message: server.machine.message(server: server.id), workerPID: server.link?.process.pid,
      upstreamPID: server.session?.pid, transport: server.transport,
      protocolVersion: server.session?.revision.rawValue,
      uptimeMilliseconds: server.machine.isUp
        ? server.readySince.map { MonotonicTime.now.milliseconds(since: $0) } : nil,
      restarts: server.machine.restarts, inFlight: server.inFlight.count, calls: server.calls, errors: server.errors,
      p50Milliseconds: server.latency.p50Milliseconds, p95Milliseconds: server.latency.p95Milliseconds)
  }
}

extension ServerRuntime {
  fileprivate var transport: String {
    switch entry.transport {
    case .stdio: "stdio"
    case .http: "http"
    }
  }
}
