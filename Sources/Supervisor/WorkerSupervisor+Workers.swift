import Configuration
import Glibc
import Platform
import Protocol
import Telemetry
import Transport

/// Starting and ending workers.
extension WorkerSupervisor {
  /// How long a start slot is held at most while the upstream has not answered.
  private static let slotTime = Duration.seconds(3)

  // MARK: Starting

  /// Carries out a start: a worker if there is none, then its upstream.
  func start(_ server: ServerRuntime) {
    // Two sets of one server's processes at once would fight over its files.
    guard !server.isSweeping else {
      server.startsAfterSweep = true
      return
    }
    guard server.launch.storeKey == nil || credentials.state != nil else {
      server.startsAfterLook = true
      holdSlot(of: server)
      return
    }
    server.attemptStarted = .now
    if server.firstAttempt == nil { server.firstAttempt = .now }
    holdSlot(of: server)
    log.info("starting upstream server", fields(server))
    if let link = server.link {
      startUpstream(server, link)
    } else {
      launchWorker(server)
    }
  }

  /// A disk or a server that hangs keeps the others waiting no longer than this.
  private func holdSlot(of server: ServerRuntime) {
    server.slotTimer?.cancel()
    server.slotTimer = loop.schedule(after: Self.slotTime) { self.handle(.slotNeedless, server) }
  }

  private func launchWorker(_ server: ServerRuntime) {
    do {
      let link = try launchLink(server)
      server.link = link
      server.workerStartedAt = MonotonicTime.now.nanoseconds
      server.forgotten = nil
      connect(link, server)
      try link.start()
      sayHello(server, link)
    } catch {
      if let link = server.link {
        link.process.send(signal: SIGKILL)
      } else {
        handle(.startFailed(ServerFailure("cannot get a worker: \(error)")), server)
      }
    }
  }

  /// From now on `link` speaks for `server`.
  func connect(_ link: WorkerLink, _ server: ServerRuntime) {
    link.onAnswer = { self.answered($0, server) }
    link.onErrorLine = {
      self.log.warn("worker stderr", self.fields(server) + [LogField("line", $0)])
    }
    link.onNotification = { self.notified($0, $1, server) }
    link.onLost = { self.workerLost($0, server, link) }
    link.process.onExit = { self.workerExited($0, server, link) }
  }

  private func launchLink(_ server: ServerRuntime) throws(SystemError) -> WorkerLink {
    let started = try launcher.launch(
      loop: loop, reaper: reaper, server: server.id, socketPath: settings.paths.workerSocket(server.index))
    do {
      return try WorkerLink(loop: loop, started: started, mark: OperationID.random().description)
    } catch {
      // It runs and nobody would ever talk to it; the reaper keeps it until it has ended.
      started.process.send(signal: SIGKILL)
      throw error
    }
  }

  private func sayHello(_ server: ServerRuntime, _ link: WorkerLink) {
    link.request(WorkerMethod.hello, params: { WorkerHello.current.write(to: &$0) }) { result in
      guard server.link === link, !server.isEnding else { return }
      switch result {
      case .success(let answer) where WorkerSnapshot(answer) != nil:
        self.sendInterests(of: server)
        self.startUpstream(server, link)
      case .success: self.giveUp(link)
      case .failure: self.giveUp(link)
      }
    }
  }

  /// A worker that does not behave is of no use: its end is noticed like any other.
  private func giveUp(_ link: WorkerLink) { link.process.send(signal: SIGKILL) }

  private func startUpstream(_ server: ServerRuntime, _ link: WorkerLink) {
    let launch: UpstreamLaunch
    do {
      launch = try server.launch.launch(
        server.entry, settings, store: credentials.state?.place, mark: link.mark, era: server.era)
    } catch {
      return handle(.startFailed(error), server)
    }
    // The worker has the deadline; this backstop only fires for a worker that hangs.
    let patience = Duration.milliseconds(launch.startTimeoutMilliseconds + 2 * launch.graceMilliseconds) + .seconds(5)
    link.request(WorkerMethod.start, timeout: patience, params: { launch.write(to: &$0) }) { result in
      guard server.link === link, !server.isEnding else { return }
      switch result {
      case .success(let answer):
        guard let session = UpstreamSession(answer) else { return self.giveUp(link) }
        server.session = session
        server.era = session.revision.era
        self.readCatalog(server, link)
      case .failure(.refused(_, let message, let data)):
        self.handle(.startFailed(ServerFailure(message, told: data)), server)
      case .failure(.timedOut): self.giveUp(link)
      case .failure(.disconnected): break  // `workerLost` tells more
      }
    }
  }

  /// Reads the lists and passes them on; a server is up when they are here.
  func readCatalog(_ server: ServerRuntime, _ link: WorkerLink) {
    link.request(WorkerMethod.readCatalog, params: { $0.writeEmptyObject() }) { result in
      // Without a session these are the lists of one that ended meanwhile.
      guard server.link === link, !server.isEnding, server.session != nil else { return }
      guard case .success(let answer) = result else { return self.giveUp(link) }
      let catalog = ServerCatalog(answer)
      server.machine.listProblems = catalog.problems
      self.logCatalog(catalog, server)
      let id = server.id
      self.delegate?.assumeIsolated { $0.catalogChanged(server: id, catalog) }
      self.handle(.started, server)
    }
  }

  private func logCatalog(_ catalog: ServerCatalog, _ server: ServerRuntime) {
    guard log.isEnabled(.debug) else { return }
    for (items, message, member, field) in [
      (catalog.tools, "registered upstream tool", "name", "tool_name"),
      (catalog.resources, "registered upstream resource", "uri", "uri"),
      (catalog.resourceTemplates, "registered upstream resource template", "uriTemplate", "uri_template"),
      (catalog.prompts, "registered upstream prompt", "name", "prompt_name"),
    ] {
      for item in items {
        log.debug(message, fields(server) + [LogField(field, item.member(member)?.string)])
      }
    }
  }

  // MARK: Hearing

  private func notified(_ method: String, _ params: JSONSlice?, _ server: ServerRuntime) {
    switch method {
    case WorkerMethod.answered: handle(.slotNeedless, server)
    case WorkerMethod.ended:
      var detail = params?.member("detail")?.string ?? "ended"
      if let words = params?.member("lastWords")?.string { detail += "; its last words: \(words)" }
      server.session = nil
      handle(.upstreamEnded(ServerFailure(detail, told: params)), server)
    case WorkerMethod.catalogChanged: if let link = server.link, server.machine.isUp { readCatalog(server, link) }
    case WorkerMethod.progress: progressed(params)
    case WorkerMethod.notification:
      guard let notification = UpstreamNotification(params) else { return }
      let id = server.id
      delegate?.assumeIsolated { $0.upstreamNotified(server: id, notification) }
    case WorkerMethod.log: logLines(params, server)
    case WorkerMethod.warning:
      log.warn(
        params?.member("message")?.string ?? "upstream warning",
        fields(server)
          + ["key", "error"].compactMap { name in
            (params?.member(name)?.string).map { LogField(name, $0) }
          })
    default: break
    }
  }

  private func logLines(_ params: JSONSlice?, _ server: ServerRuntime) {
    for line in params?.member("lines")?.elements.compactMap(\.string) ?? [] {
      log.info("upstream stderr", fields(server) + [LogField("line", line)])
    }
    if let dropped = params?.member("dropped")?.int {
      log.info("upstream stderr", fields(server) + [LogField("line", "(\(dropped) more lines)")])
    }
  }

  // MARK: Ending

  /// Ends a worker cleanly; `workerGone` follows when its process has ended.
  func endWorker(of server: ServerRuntime) {
    guard let link = server.link else {
      // Its remains are being killed: it is gone when they are.
      server.isGoneAfterSweep = server.isSweeping
      if !server.isSweeping { handle(.workerGone, server) }
      return
    }
    server.isEnding = true
    server.session = nil
    // Only a worker with credentials may have some under way.
    let settling = server.launch.storeKey == nil ? .zero : WorkerMethod.settlePatience
    let patience = Duration.milliseconds(2 * settings.configuration.daemon.stopGraceMs) + .seconds(3) + settling
    link.request(WorkerMethod.shutdown, timeout: patience, params: { $0.writeEmptyObject() }) { result in
      if case .failure(.timedOut) = result { link.process.send(signal: SIGKILL) }
    }
  }

  /// The connection or the process of a worker is gone: what it had in hand is lost at once.
  private func workerLost(_ reason: String, _ server: ServerRuntime, _ link: WorkerLink) {
    guard server.link === link else { return }
    // Without its connection it is of no use; most often it has ended already.
    if !server.isEnding { link.process.send(signal: SIGKILL) }
    server.session = nil
    loseOperations(of: server, reason)
    if link.process.exitStatus != nil { workerEnded(server, link, reason) }
  }

  private func workerExited(_ status: ExitStatus, _ server: ServerRuntime, _ link: WorkerLink) {
    link.processEnded(status)
    workerEnded(server, link, "lost its worker, which \(status)")
  }

  /// Nothing is left of the server's earlier processes: what waited for that goes on.
  func sweepEnded(_ server: ServerRuntime) {
    server.isSweeping = false
    if server.isGoneAfterSweep {
      server.isGoneAfterSweep = false
      handle(.workerGone, server)
    }
    guard server.startsAfterSweep else { return }
    server.startsAfterSweep = false
    if server.machine.state == .starting { start(server) }
  }

  /// The process has ended: what it left behind is killed, and the machine decides what comes next.
  private func workerEnded(_ server: ServerRuntime, _ link: WorkerLink, _ reason: String) {
    guard server.link === link else { return }
    server.link = nil
    let wasEnding = server.isEnding
    server.isEnding = false
    server.isSweeping = true
    // Operations that were sent after the connection broke and before the process ended reached nobody.
    loseOperations(of: server, reason)
    if !wasEnding { handle(.workerLost(reason), server) }
    let mark = link.mark
    Task {
      await self.sweep(mark)
      if wasEnding { self.handle(.workerGone, server) }
      self.sweepEnded(server)
    }
  }
}

extension ServerFailure {
  /// What a worker tells beside its sentence: `readiness` and `retryAfterMs`, both optional.
  fileprivate init(_ detail: String, told members: JSONSlice?) {
    // A longer wait than this is cut anyway, and a sum with it cannot overflow.
    let wish = members?.member("retryAfterMs")?.int.map { min(max($0, 0), 86_400_000) }
    self.init(
      detail, code: members?.member("readiness")?.string.flatMap { ReadinessCode(rawValue: $0) },
      retryAfter: wish.map { .milliseconds($0) })
  }
}
