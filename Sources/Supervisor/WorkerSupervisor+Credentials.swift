import Configuration

/// Servers and the shared credential store. Workers read the store by themselves; the supervisor only notices when a
/// server that waits may go on.
extension WorkerSupervisor {
  /// Follows the store while a configured server needs it.
  func watchCredentials() {
    let isNeeded = servers.contains { $0.launch.storeKey != nil && $0.machine.state != .disabled }
    credentials.onLook = { self.lookedAtCredentials($0, $1) }
    credentials.configure(isNeeded ? settings.configuration : nil)
  }

  private func lookedAtCredentials(_ old: CredentialStoreState?, _ new: CredentialStoreState) {
    for server in servers {
      guard let key = server.launch.storeKey else { continue }
      if server.startsAfterLook {
        server.startsAfterLook = false
        if server.machine.state == .starting { start(server) }
      } else if let old, new.hasNews(for: key, since: old) || server.machine.isWithoutStore {
        handle(.credentialsChanged, server)
      }
    }
  }
}
