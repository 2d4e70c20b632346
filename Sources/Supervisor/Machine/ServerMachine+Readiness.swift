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
    case .waiting, .starting, .backingOff, .replacing, .stopping, .stopped:
      isCrashLooping ? .crashLoop : isFirstStart ? .starting : wasUp ? .restarting : .transportUnavailable
    }
  }

  /// The first attempt is not over.
  var isFirstStart: Bool { !wasUp && failures == 0 && restarts == 0 && lastFailure == nil }

  /// Whether a call can be sent right now.
  var isUp: Bool {
    if case .up = state { return true }
    return false
  }

  /// One English sentence that names the server.
  func message(server: String) -> String {
    let name = "Server \"\(server)\""
    let failure = lastFailure ?? "has not started yet"
    return switch code {
    case .ready: readyMessage(name)
    case .starting: "\(name) is starting."
    case .restarting:
      lastFailure.map { "\(name) is being restarted: it \($0)." } ?? "\(name) is being restarted."
    case .transportUnavailable: "\(name) cannot be reached: it \(failure). It is tried again by itself."
    case .crashLoop:
      "\(name) keeps failing and is tried every \(Backoff.cap.components.seconds) s: it \(failure). "
        + "See its records with `warmplane logs \(server)`."
    case .disabled: "\(name) is disabled in the configuration."
    case .configInvalid: "\(name) cannot be started: \(failure)."
    case .authMissing, .authStoreUnavailable, .authExpired, .authDiscoveryMissing, .authRefreshFailed:
      "\(name) waits for credentials: \(failure)"
    }
  }

  private func readyMessage(_ name: String) -> String {
    guard case .up(let failedProbes) = state else { return "\(name) is ready." }
    var problems = listProblems + omissions
    if failedProbes > 0 { problems.append("\(failedProbes) liveness probes failed") }
    if problems.count > Self.mostProblems {
      problems[Self.mostProblems...] = ["and \(problems.count - Self.mostProblems) more"]
    }
    return problems.isEmpty ? "\(name) is ready." : "\(name) is ready, but: \(problems.joined(separator: "; "))."
  }
}
