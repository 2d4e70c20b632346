package import Configuration
package import Protocol
import Telemetry

/// Which servers a new configuration touches.
package struct ConfigurationChange: Sendable, Equatable {
  package var added: [String] = []
  package var removed: [String] = []
  package var changed: [String] = []
}

/// What the supervisor says to a request for a restart.
package enum RestartAnswer: Sendable, Equatable {
  case restarting
  case unknownServer
  /// It is disabled or cannot be started; `message` is its readiness message.
  case impossible(ReadinessCode, message: String)
}

/// Changes while the daemon runs.
extension WorkerSupervisor {
  /// Restarts a server at once and clears its restart count.
  package func restart(_ id: String) -> RestartAnswer {
    guard let server = server(id) else { return .unknownServer }
    switch server.machine.state {
    case .needsAuth where !server.machine.canStart, .disabled, .misconfigured, .stopping, .stopped:
      return .impossible(server.machine.code, message: server.machine.message(server: id))
    case .waiting, .starting, .up, .backingOff, .needsAuth, .replacing:
      log.info("restarting upstream server on request", fields(server))
      handle(.restartRequested, server)
      return .restarting
    }
  }

  /// Takes a new configuration: servers whose entry changed are ended and started anew, all others are not touched.
  package func apply(_ configuration: Configuration) -> ConfigurationChange {
    var change = ConfigurationChange()
    let before = servers
    let hasMovedStore = settings.configuration.authStorePath != configuration.authStorePath
    settings.configuration = configuration
    var after: [ServerRuntime] = []
    var fresh: [ServerRuntime] = []
    for entry in configuration.servers {
      if let old = server(entry.id), old.entry.fingerprint == entry.fingerprint, !old.mustBeReread,
        !hasMovedStore || old.launch.storeKey == nil
      {
        after.append(old)
        continue
      }
      let runtime = makeRuntime(entry)
      if let old = server(entry.id) {
        // One that is only read again has not changed.
        if old.entry.fingerprint != entry.fingerprint || hasMovedStore && runtime.launch.storeKey != nil {
          change.changed.append(entry.id)
        }
        retire(old, replacedBy: runtime)
      } else {
        change.added.append(entry.id)
      }
      after.append(runtime)
      fresh.append(runtime)
    }
    let kept = Set(configuration.servers.map(\.id))
    for old in before where !kept.contains(old.id) {
      change.removed.append(old.id)
      retire(old, replacedBy: nil)
    }
    replaceServers(after)
    watchCredentials()
    for server in fresh {
      // Workers of an earlier daemon may turn out to be theirs.
      if hasIdentifiedWorkers { handle(.boot, server) } else { server.isSweeping = true }
    }
    for server in fresh where server.machine.isImpossible { reportSkipped(server) }
    return change
  }

  /// Ends a server that is not configured any more. Its successor's start waits until nothing of it is left.
  private func retire(_ old: ServerRuntime, replacedBy successor: ServerRuntime?) {
    retired.append(old)
    old.successor = successor
    successor?.isSweeping = true
    handle(.stop, old)
    retiredMayBeGone(old)
  }

  /// To be called when a retired server's machine moved.
  func retiredMayBeGone(_ old: ServerRuntime) {
    guard old.machine.state == .stopped, let index = retired.firstIndex(where: { $0 === old }) else { return }
    retired.remove(at: index)
    if let successor = old.successor {
      old.successor = nil
      sweepEnded(successor)
    }
  }
}

extension ServerRuntime {
  /// Its entry is as it was, but the reason why it could not be started may have gone.
  fileprivate var mustBeReread: Bool { machine.state == .misconfigured || machine.isImpossible }
}
