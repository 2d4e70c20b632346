import Client
import Configuration
import Glibc

/// Finds the daemon that a command means, and starts it where that is allowed (contract §1.3).
enum DaemonLocator {
  /// Where the HTTP front is when neither flag nor file says otherwise.
  private static let defaultPort: UInt16 = 9090

  /// For commands that operate the daemon: the control socket, whatever the content of the config file. An edited file
  /// must not keep anybody from stopping its daemon, and neither must a deleted one. Starts nothing.
  static func control(_ arguments: ParsedArguments) throws(CommandFailure) -> ControlClient {
    let place = try place(arguments)
    do {
      return try DaemonFinder.connect(to: place.sockets, name: "warmplane")
    } catch {
      throw place.failure(error)
    }
  }

  /// Where the daemon of those commands listens.
  static func place(_ arguments: ParsedArguments) throws(CommandFailure) -> DaemonPlace {
    let location: ConfigurationLocation
    do {
      location = try ConfigurationLocation.find(flag: arguments.value(of: .config))
    } catch {
      throw CommandFailure(error.description, code: .noDaemon)
    }
    return try DaemonPlace(location)
  }

  /// For facade commands: by HTTP with `--port` or without a config file, else the control socket.
  static func facade(_ arguments: ParsedArguments) throws(CommandFailure) -> Facade {
    if let port = arguments.port(.facadePort) { return Facade(port: port, missing: nil) }
    let location: ConfigurationLocation
    do {
      location = try ConfigurationLocation.find(flag: arguments.value(of: .config))
    } catch {
      return Facade(port: defaultPort, missing: error.description)
    }
    if access(location.path, F_OK) != 0, errno == ENOENT || errno == ENOTDIR {
      return Facade(port: defaultPort, missing: "the config file \(location.path) does not exist")
    }
    return Facade(client: try startedControl(location, isStarting: !arguments.has(.noStart)))
  }

  /// The control socket of a daemon that is started if there is none. The file is checked first: its problems are for
  /// this terminal, and not for the log of a daemon.
  private static func startedControl(
    _ location: ConfigurationLocation, isStarting: Bool
  ) throws(CommandFailure) -> ReturningClient {
    _ = try checkedConfiguration(location)
    let place = try DaemonPlace(location)
    let indicator = WaitIndicator("Starting the daemon …")
    defer { indicator.clear() }
    do {
      return try ReturningClient { client throws(ClientError) in
        defer { indicator.clear() }
        return try place.attach(isStarting: isStarting, onWait: indicator.observer) { sockets throws(ClientError) in
          try DaemonFinder.connect(to: sockets, name: "warmplane", client: client)
        }
      }
    } catch {
      throw place.failure(error)
    }
  }

  /// The content of a file; throws the problems of one that a daemon could not use.
  @discardableResult
  static func checkedConfiguration(_ location: ConfigurationLocation) throws(CommandFailure) -> Configuration {
    do {
      return try Configuration.load(path: location.path)
    } catch {
      throw CommandFailure(
        "the config file \(location.path) cannot be used",
        causes: error.problems.map { $0.rendered(path: location.path) })
    }
  }
}
