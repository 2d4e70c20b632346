import Client

/// The daemon of a facade command, and what to say when it is not there.
struct Facade {
  private let connection: FacadeConnection
  /// Which config file is missing, if that is why HTTP is used.
  private let missing: String?

  /// By HTTP on this machine.
  init(port: UInt16, missing: String?) {
    connection = .http(LoopbackHTTPClient(port: port))
    self.missing = missing
  }

  init(client: ReturningClient) {
    connection = .control(client)
    missing = nil
  }

  /// Blocks until the answer is there. `waiting` is shown on a terminal meanwhile.
  func answer(to operation: FacadeOperation, profile: String?, waiting: String) throws(CommandFailure) -> ServiceAnswer
  {
    let indicator = WaitIndicator(waiting)
    defer { indicator.clear() }
    do {
      return try connection.answer(to: operation, profile: profile, onWait: indicator.observer)
    } catch {
      guard case .nobodyListens = error, case .http(let client) = connection else { throw CommandFailure(error) }
      let nobody = "nobody answers at \(client.address)"
      throw CommandFailure(
        missing.map { "\(nobody); \($0)" } ?? "\(nobody); start a daemon with: warmplane daemon --port \(client.port)",
        causes: error.causes, code: .noDaemon)
    }
  }
}
