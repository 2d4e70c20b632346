import Platform
package import Protocol

/// What clients want to hear of servers beside answers, and what servers tell of themselves.
extension WorkerSupervisor {
  /// How long clients of the last daemon have to come back before what they wanted is given up.
  private static let inheritance = Duration.seconds(60)

  /// Declares what clients want to hear of a server: the whole of it. Its worker sees to it, now and after each
  /// reconnect; a worker that is started later, too.
  package func setInterests(_ interests: Interests, for server: String) {
    guard interests != self.interests[server] ?? .none else { return }
    self.interests[server] = interests == .none ? nil : interests
    if let runtime = self.server(server) { sendInterests(of: runtime) }
  }

  func sendInterests(of server: ServerRuntime) {
    server.link?.send((interests[server.id] ?? .none).union(server.inheritedInterests))
  }

  /// Clients of the last daemon come back one by one: until then nothing that they wanted is taken away.
  func inherit(_ interests: Interests, _ server: ServerRuntime) {
    guard interests != .none else { return }
    server.inheritedInterests = interests
    server.inheritanceTimer?.cancel()
    server.inheritanceTimer = loop.schedule(after: Self.inheritance) {
      server.inheritedInterests = .none
      self.sendInterests(of: server)
    }
    sendInterests(of: server)
  }

  /// A worker has told of an operation.
  func progressed(_ params: JSONSlice?) {
    guard let id = params?.member("operation")?.string.flatMap({ OperationID($0) }),
      let progress = params?.member("params"), progress.kind == .object
    else { return }
    delegate?.assumeIsolated { $0.operationProgressed(id, progress) }
  }
}
