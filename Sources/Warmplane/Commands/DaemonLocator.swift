import Client
import Configuration
import Glibc

/// Finds the daemon that a command means (contract §1.3).
enum DaemonLocator {
  /// Where the HTTP front is when neither flag nor file says otherwise.
  private static let defaultPort: UInt16 = 9090

  /// For `status` and `stop`: the control socket, whatever the content of the config file. An edited file must not
  /// keep anybody from stopping its daemon, and neither must a deleted one.
  static func control(_ arguments: ParsedArguments) throws(CommandFailure) -> ControlClient {
    let location: ConfigurationLocation
    do {
      location = try ConfigurationLocation.find(flag: arguments.value(of: .config))
    } catch {
      throw CommandFailure(error.description, code: .noDaemon)
    }
    return try connect(location)
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
    do {
      _ = try Configuration.load(path: location.path)
    } catch {
      throw CommandFailure(
        "the config file \(location.path) cannot be used",
        causes: error.problems.map { $0.rendered(path: location.path) })
    }
    return Facade(client: try connect(location))
  }

  private static func connect(_ location: ConfigurationLocation) throws(CommandFailure) -> ControlClient {
    do {
      return try DaemonFinder.connect(to: try sockets(of: location), name: "warmplane")
    } catch let error as ClientError {
      guard case .nobodyListens = error else { throw CommandFailure(error) }
      let hint =
        location.realPath == nil
        ? ", and that file does not exist"
        : "; start it with: warmplane daemon --config \(ShellWord.quoted(location.path))"
      throw CommandFailure(
        "no daemon is running for \(location.path)\(hint)", causes: error.causes, code: .noDaemon)
    } catch let error as CommandFailure {
      throw error
    } catch {
      fatalError("an error of another type: \(error)")
    }
  }

  /// Where the daemon of a config file may listen. What the environment says comes first; the other places follow,
  /// because the daemon may have been started with more, or fewer, variables than this command.
  private static func sockets(of location: ConfigurationLocation) throws(CommandFailure) -> [String] {
    guard let config = location.realPath ?? realPathOfDeleted(location.path) else {
      throw CommandFailure("the config file \(location.path) does not exist", code: .noDaemon)
    }
    do {
      let paths = try InstancePaths.current(configPath: config)
      let candidates = InstancePaths.candidates(
        hash: paths.hash, environment: { name in getenv(name).map { String(cString: $0) } }, uid: geteuid())
      var sockets = [paths.controlSocket]
      for socket in candidates.map({ "\($0.path)/control.sock" }) + [paths.systemControlSocket]
      where !sockets.contains(socket) && socket.utf8.count <= InstancePaths.maxSocketPathBytes {
        sockets.append(socket)
      }
      return sockets
    } catch {
      throw CommandFailure("cannot find the daemon's socket", causes: [error.description])
    }
  }

  /// The real path that a file had, from the directory that is still there.
  private static func realPathOfDeleted(_ path: String) -> String? {
    let slash = path.lastIndex(of: "/")
    let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let name = slash.map { path[path.index(after: $0)...] } ?? path[...]
    guard !name.isEmpty, !path.utf8.contains(0), let resolved = realpath(directory, nil) else { return nil }
    defer { free(resolved) }
    let base = String(cString: resolved)
    return base == "/" ? "/\(name)" : "\(base)/\(name)"
  }
}
