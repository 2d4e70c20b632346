import Platform
import Protocol
import Telemetry

/// What is different in a daemon that a command started (contract §1.3).
extension FrontRouter {
  /// `/v1` could not be opened and the daemon goes on without it; `status` says why.
  package func goOnWithoutHTTP(_ reason: String) {
    httpError = reason
    log.warn("HTTP could not open", [LogField("detail", reason)])
  }

  /// Asks for the daemon's end when there was no client for as long as the configuration says. After the surfaces were
  /// opened, once.
  package func endWhenIdle() {
    idleWatch = IdleWatch(
      loop: loop, limit: IdleWatch.limit(settings.configuration),
      isInDoubt: { self.control?.sessions.contains { $0.role == .undecided } ?? false },
      onIdle: {
        let limit = self.idleWatch?.limit
        self.log.info("ending because there was no client", [LogField("idle_ms", limit?.wholeMilliseconds)])
        // Who comes now finds nobody, and starts another daemon.
        self.stopAccepting()
        self.requestStop("no client")
      })
    for server in [http, mcpHTTP.ownPort?.server] { if let server { countClients(of: server) } }
  }

  /// Whoever waits for an answer, or listens, is a client.
  func countClients(of server: HTTPServer) {
    server.onExchange = { began in if began { self.idleWatch?.clientArrived() } else { self.idleWatch?.clientLeft() } }
  }

  /// Accepts no more sessions on the control socket.
  package func stopAccepting() { control?.stopAccepting() }

  /// The first request tells what a session is; whoever looked first and asks for more then becomes a client.
  func noteRole(of session: ControlSession, asking method: String) {
    guard session.role != .client else { return }
    if method == "status" || method == "logs" {
      session.role = .observer
    } else {
      session.role = .client
      if method != "reload", method != "stop", settings.noticeEdit() {
        log.warn(
          "the configuration file has changed; `warmplane reload` applies it",
          [LogField("config", settings.configurationPath)])
      }
      idleWatch?.clientArrived()
    }
  }

  func sessionEnded(_ session: ControlSession) {
    logStream?.end(session)
    if session.role == .client { idleWatch?.clientLeft() }
  }
}
