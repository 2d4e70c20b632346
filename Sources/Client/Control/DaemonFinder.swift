import Glibc
package import Platform

/// Finds the daemon of one instance among the places where its control socket may be.
package enum DaemonFinder {
  /// How long a daemon whose queue of connections is full is tried again.
  private static let patience = Duration.seconds(5)

  /// Connects to the first of `places` where a daemon listens and introduces this process to it. A place without a
  /// socket, and a socket that nobody listens on any more, are passed over; so is a daemon that goes away before it says
  /// who it is: it was about to end, and nothing was asked of it. `client` as in `ControlClient.introduce`.
  package static func connect(
    to places: [ControlPlace], name: String, client clientName: String? = nil
  ) throws(ClientError) -> ControlClient {
    try first(of: places) { path, socket in
      let client = try ControlClient(socket: socket, path: path)
      do throws(ClientError) {
        try client.introduce(as: name, client: clientName)
      } catch {
        guard case .connectionLost = error else { throw error }
        throw SystemError("connect", code: ECONNRESET, subject: path)
      }
      return client
    }
  }

  /// A socket that is connected to the first of `places` where a daemon of ours listens; it does not block, and nothing
  /// was said yet.
  package static func socket(to places: [ControlPlace]) throws(ClientError) -> OwnedDescriptor {
    try first(of: places) { _, socket in socket }
  }

  private static func first<Connection: ~Copyable>(
    of places: [ControlPlace], _ use: (String, consuming OwnedDescriptor) throws -> Connection
  ) throws(ClientError) -> Connection {
    var failures: [SystemError] = []
    for place in places {
      do {
        return try use(place.path, try open(place))
      } catch let error as SystemError {
        if error.code == EPERM { throw .untrustedPeer(path: place.path) }
        failures.append(error)
      } catch let error as ClientError {
        throw error
      } catch {
        fatalError("an error of another type: \(error)")
      }
    }
    throw .nobodyListens(failures)
  }

  private static func open(_ place: ControlPlace) throws(SystemError) -> OwnedDescriptor {
    let deadline = MonotonicTime.now + patience
    while true {
      do {
        return try UnixSocket.connect(to: place.path, rule: place.rule)
      } catch {
        // The kernel has no way to wait for a place in the queue of a listener without blocking for ever.
        guard error.code == EAGAIN, MonotonicTime.now < deadline else { throw error }
        usleep(10_000)
      }
    }
  }
}
