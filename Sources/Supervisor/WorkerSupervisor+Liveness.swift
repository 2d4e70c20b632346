import Configuration
import Platform
import Protocol
import Transport

/// Liveness probes on an upstream's real connection (contract §6.1): of servers that are idle, and of servers whose
/// calls timed out twice in a row.
extension WorkerSupervisor {
  /// How long a probe may take: short against the interval, and never longer than this.
  private static let longestPatience = Duration.seconds(5)
  private static let pauseBetweenFailures = Duration.seconds(1)

  private var interval: Duration { .seconds(settings.configuration.daemon.probeSeconds) }

  func scheduleProbe(_ server: ServerRuntime) {
    server.probeTimer?.cancel()
    guard settings.configuration.daemon.probeSeconds > 0 else { return }
    scheduleProbe(server, after: interval)
  }

  private func scheduleProbe(_ server: ServerRuntime, after delay: Duration) {
    server.probeTimer?.cancel()
    server.probeTimer = loop.schedule(after: delay) { self.probeIfIdle(server) }
  }

  private func probeIfIdle(_ server: ServerRuntime) {
    guard server.machine.isUp else { return }
    let idle = MonotonicTime.now - server.lastActivity
    if case .up(let failed) = server.machine.state, failed > 0 { return probeNow(server) }
    if !server.inFlight.isEmpty || idle < interval {
      return scheduleProbe(server, after: max(interval - idle, .milliseconds(100)))
    }
    probeNow(server)
  }

  func probeNow(_ server: ServerRuntime) {
    guard settings.configuration.daemon.probeSeconds > 0, server.machine.isUp, !server.isProbing,
      let link = server.link
    else { return }
    server.isProbing = true
    let patience = min(interval, Self.longestPatience)
    link.request(WorkerMethod.probe, timeout: patience, params: { $0.writeEmptyObject() }) { result in
      server.isProbing = false
      guard server.link === link, server.machine.isUp else { return }
      switch result {
      case .success:
        server.lastActivity = .now
        server.timeoutsInRow = 0
        self.handle(.probeSucceeded, server)
        self.scheduleProbe(server)
      case .failure(.timedOut), .failure(.refused):
        self.handle(.probeFailed, server)
        if server.machine.isUp { self.scheduleProbe(server, after: Self.pauseBetweenFailures) }
      case .failure(.disconnected): break  // the loss of the worker is handled as such
      }
    }
  }
}
