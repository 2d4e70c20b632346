import Client
import Configuration
import Glibc
import Platform
import Protocol

/// Where the daemon of a config file listens, and how one is started there.
struct DaemonPlace: Sendable {
  let location: ConfigurationLocation
  /// Nil when the file does not exist any more.
  private let realPath: String?
  /// Where its control socket may be. What the environment says comes first; the other places follow, because the
  /// daemon may have been started with more, or fewer, variables than this command.
  let sockets: [ControlPlace]

  /// The file may be missing, but the directory it was in may not.
  init(_ location: ConfigurationLocation) throws(CommandFailure) {
    self.location = location
    realPath = location.realPath
    guard let config = realPath ?? Self.realPathOfDeleted(location.path) else {
      throw CommandFailure("the config file \(location.path) does not exist", code: .noDaemon)
    }
    do {
      let paths = try InstancePaths.current(configPath: config)
      let candidates = InstancePaths.candidates(
        hash: paths.hash, environment: { name in getenv(name).map { String(cString: $0) } }, uid: geteuid())
      var sockets: [ControlPlace] = []
      let own = [paths.controlSocket] + candidates.map { "\($0.path)/control.sock" }
      for path in own + [paths.systemControlSocket]
      where !sockets.contains(where: { $0.path == path }) && path.utf8.count <= InstancePaths.maxSocketPathBytes {
        // A system service has a user of its own.
        let rule = path == paths.systemControlSocket ? PeerRule.owner(of: paths.systemDirectories) : .own
        sockets.append(ControlPlace(path: path, rule: rule))
      }
      self.sockets = sockets
    } catch {
      throw CommandFailure("cannot find the daemon's socket", causes: [error.description])
    }
  }

  /// What `connect` makes of `sockets`. When nobody listens, a daemon that its service manager brings back is waited for,
  /// if `isWaiting`; then one is started, if `isStarting`. Blocks for at most `ExpectedDaemon.patience`,
  /// `DaemonStarter.patience` and what `connect` takes. May be called again whenever the daemon has gone.
  func attach<Connection: ~Copyable>(
    isStarting: Bool, isWaiting: Bool = true, onWait: WaitObserver? = nil,
    _ connect: ([ControlPlace]) throws(ClientError) -> Connection
  ) throws(ClientError) -> Connection {
    guard isWaiting, let realPath else { return try connect(sockets) }
    do {
      return try ExpectedDaemon.attach({ expected }, onWait: onWait) { () throws(ClientError) in try connect(sockets) }
    } catch {
      guard case .nobodyListens = error, isStarting else { throw error }
    }
    return try DaemonStarter(config: realPath).attach(onWait: onWait) { () throws(ClientError) in
      try connect(sockets)
    }
  }

  /// What lies beside the sockets at this moment.
  private var expected: ExpectedDaemon {
    var owners: Set<UInt32> = []
    var marks: [String] = []
    for socket in sockets {
      let directory = ExecutablePath.directory(of: socket.path)
      marks.append("\(directory)/\(InstancePaths.managedMarkName)")
      var information = stat()
      if case .owner(let directories) = socket.rule, let base = directories.first, lstat(base, &information) == 0 {
        owners.insert(information.st_uid)
      }
    }
    return ExpectedDaemon(marks: marks, owners: owners)
  }

  /// The message and exit code for an `attach` that failed.
  func failure(_ error: ClientError) -> CommandFailure {
    guard case .nobodyListens = error else { return CommandFailure(error) }
    let hint =
      realPath == nil
      ? ", and that file does not exist"
      : "; start it with: warmplane daemon --config \(ShellWord.quoted(location.path))"
    return CommandFailure("no daemon is running for \(location.path)\(hint)", causes: error.causes, code: .noDaemon)
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
