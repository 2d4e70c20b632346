import Protocol

/// How a server's state is told: the words of `status` and the codes of readiness rows (contract §1.7, §6.2).
extension ServerMachine {
  /// A message names so many problems; the log has them all. A server may have a thousand duplicate ids.
  private static let mostProblems = 5

  /// The state's word in `status`.
  var word: String {
    switch state {
    case .disabled: "disabled"
    case .misconfigured: "misconfigured"
    case .needsAuth: "needs_auth"
    case .waiting, .starting, .backingOff, .replacing:
      isCrashLooping ? "crash_loop" : isFirstStart ? "starting" : "restarting"
    case .up(let failedProbes): failedProbes > 0 || !listProblems.isEmpty || !omissions.isEmpty ? "degraded" : "ready"
    case .stopping: "stopping"
    case .stopped: "stopped"
    }
  }

  var code: ReadinessCode {
    switch state {
    case .disabled: .disabled
    case .misconfigured: .configInvalid
    case .up: .ready
    case .needsAuth: lastFailure?.code ?? .authMissing
    case .waiting, .starting, .backingOff, .replacing, .stopping, .stopped:
      isCrashLooping ? .crashLoop : isFirstStart ? .starting : retriedCode
    }
  }

  private var retriedCode: ReadinessCode {
    if let lastFailure, lastFailure.isRetriedForCredentials, let code = lastFailure.code { return code }
    return wasUp ? .restarting : .transportUnavailable
  }

  /// The first attempt is not over.
  var isFirstStart: Bool { !wasUp && failures == 0 && restarts == 0 && lastFailure == nil }

  /// Whether a call can be sent right now.
  var isUp: Bool {
    if case .up = state { return true }
    return false
  }

  /// One English sentence that names the server. `omissions` in place of the own ones.
  func message(server: String, omissions: [String]? = nil) -> String {
    let name = "Server \"\(server)\""
    let failure = lastFailure?.detail ?? "has not started yet"
    return switch code {
    case .ready: readyMessage(name, omissions ?? self.omissions)
    case .starting: "\(name) is starting."
    case .restarting:
      lastFailure.map { "\(name) is being restarted: it \($0.detail)." } ?? "\(name) is being restarted."
    case .transportUnavailable:
      // Of HTTP servers the failure says so itself.
      "\(name) \(failure.hasPrefix("cannot be reached") ? failure : "cannot be reached: it \(failure)"). "
        + "It is tried again by itself."
    case .crashLoop:
      "\(name) keeps failing and is tried every \(Backoff.cap.components.seconds) s: it \(failure). "
        + "See its records with `warmplane logs \(ShellWord.quoted(server))`."
    case .disabled: "\(name) is disabled in the configuration."
    case .configInvalid: "\(name) cannot be started: \(failure)."
    case .authMissing, .authExpired, .authDiscoveryMissing: "\(name) \(remedied(failure, credentialRemedy(server)))."
    case .authRefreshFailed: "\(name) \(remedied(failure, "it is tried again by itself; \(credentialRemedy(server))"))."
    case .authStoreUnavailable:
      "\(name) \(failure); it is tried again by itself; see: warmplane auth status \(ShellWord.quoted(server))."
    }
  }

  /// What to do about credentials, naming the command.
  private func credentialRemedy(_ server: String) -> String {
    if !canStart { return "set it, and start the daemon anew after: warmplane stop" }
    if hasLogin { return "run: warmplane auth login \(ShellWord.quoted(server))" }
    return "correct auth in the configuration, then: warmplane reload"
  }

  /// Workers know more, and may have named a command.
  private func remedied(_ failure: String, _ remedy: String) -> String {
    failure.contains(": warmplane ") ? failure : "\(failure); \(remedy)"
  }

  private func readyMessage(_ name: String, _ omissions: [String]) -> String {
    guard case .up(let failedProbes) = state else { return "\(name) is ready." }
    var problems = listProblems + omissions
    if failedProbes > 0 { problems.append("\(failedProbes) liveness probes failed") }
    if problems.count > Self.mostProblems {
      problems[Self.mostProblems...] = ["and \(problems.count - Self.mostProblems) more"]
    }
    return problems.isEmpty ? "\(name) is ready." : "\(name) is ready, but: \(problems.joined(separator: "; "))."
  }
}
