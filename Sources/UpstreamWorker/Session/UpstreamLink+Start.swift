import Platform
import Protocol

/// Opening and ending the session.
extension UpstreamLink {
  /// Starts the process and the handshake. Everything up to the first listing is bounded by the launch's deadline.
  func start() {
    deadline = loop.schedule(after: .milliseconds(launch.startTimeoutMilliseconds)) { [weak self] in
      self?.startTimedOut()
    }
    spawn()
  }

  private func spawn() {
    guard case .stdio(let program) = launch.transport else {
      failStart("is reached over HTTP, which this worker does not do")
      return handlers.gone()
    }
    do {
      let process = try StdioProcess(
        loop: loop, reaper: reaper, thread: thread, launch: program, mark: launch.mark, helper: helper)
      self.process = process
      process.onLine = { [weak self] line in self?.receive(line) }
      process.onErrorLine = { [weak self] line in
        self?.tail.add(line)
        self?.handlers.hasLog()
      }
      process.onDrained = { [weak self] in self?.sendHeld() }
      process.onEnded = { [weak self] detail in self?.processEnded(detail) }
      process.onGone = { [weak self] in self?.processGone() }
      try process.start()
      advance(.started)
    } catch {
      failStart("cannot be started: \(error)")
      if process == nil { handlers.gone() }
    }
  }

  /// Feeds the handshake and does what it says.
  func advance(_ event: Handshake.Event) {
    guard case .opening(var handshake) = phase else { return }
    let actions = handshake.handle(event)
    phase = .opening(handshake)
    for action in actions {
      switch action {
      case .send(let line): send(line)
      case .startProbeTimer:
        probeTimer = loop.schedule(after: .milliseconds(launch.discoverTimeoutMilliseconds)) { [weak self] in
          self?.advance(.probeTimedOut)
        }
      case .stopProbeTimer: probeTimer?.cancel()
      case .restart:
        // Not a crash: this upstream cannot stand the probe. `processGone` starts the next process.
        isRestarting = true
        process?.stop(grace: .milliseconds(min(500, launch.graceMilliseconds)))
      case .established(let session): open(session, lastID: handshake.lastID)
      case .failed(let detail): failStart(detail)
      }
    }
  }

  private func open(_ established: Handshake.Established, lastID: Int) {
    session = established
    self.lastID = lastID
    phase = .listing
    listen()
    beginListing(Set(ListKind.allCases))
  }

  /// The first listing is complete.
  func finishStart() {
    phase = .ready
    deadline?.cancel()
    guard let snapshot else { fatalError("a session became ready without a process") }
    handlers.started(.success(snapshot))
  }

  private func startTimedOut() {
    let waited = "within \(launch.startTimeoutMilliseconds) ms"
    switch phase {
    case .opening(let handshake):
      failStart("did not answer \(handshake.isProbing ? "server/discover" : "initialize") \(waited)")
    case .listing:
      let open = lists.keys.map(\.method).sorted().joined(separator: ", ")
      failStart("did not answer \(open) \(waited)")
    case .ready, .over: break
    }
  }

  private func failStart(_ detail: String) {
    guard !isOver else { return }
    end()
    var sentence = detail
    if let words = tail.lastWords { sentence += "; its last words: \(words)" }
    handlers.started(.failure(StartFailure(detail: sentence)))
    process?.stop(grace: .milliseconds(launch.graceMilliseconds))
  }

  private func processEnded(_ detail: String) {
    if isRestarting { return }
    switch phase {
    case .opening:
      advance(.exited(detail))
    case .listing:
      failStart("\(detail) during its first listing")
    case .ready:
      end()
      failCalls(CallFailure(.upstreamDied, "the server \(detail)"))
      handlers.ended(detail)
    case .over: break
    }
  }

  private func processGone() {
    process = nil
    if isRestarting, !isOver {
      isRestarting = false
      spawn()
    } else {
      handlers.gone()
    }
  }

  /// Ends the session on purpose; `handlers.gone` tells when the processes are dead.
  func stop() {
    let wasOver = isOver
    end()
    if !wasOver { failCalls(CallFailure(.upstreamDied, "the server was stopped")) }
    if let process { process.stop(grace: .milliseconds(launch.graceMilliseconds)) } else { handlers.gone() }
  }

  private func end() {
    phase = .over
    deadline?.cancel()
    probeTimer?.cancel()
    relistTimer?.cancel()
  }
}
