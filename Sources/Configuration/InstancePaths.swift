import Glibc
import Protocol

/// Where the daemon of one configuration file keeps what others must find. The same for everybody who knows the file's
/// real path and the user: a client with a stripped environment has to arrive at the same socket.
package struct InstancePaths: Sendable, Equatable {
  /// The longest path of a Unix socket (`sun_path` without its NUL).
  package static let maxSocketPathBytes = 107
  /// Where a system service listens; clients look there second.
  package static let systemBase = "/run/warmplane"
  /// The file beside a control socket that says: a service manager starts this daemon, and will start it again.
  package static let managedMarkName = "managed"

  /// FNV-1a, 64 bits, of the UTF-8 bytes of the configuration's real path, as 16 lower-case hex digits.
  package let hash: String
  /// Holds the sockets and the lock; to be created with mode 0700, for a system service 0750.
  package let runtimeDirectory: String
  /// Holds what survives the daemon; to be created with mode 0700. Safe to delete.
  package let stateDirectory: String

  /// Chooses the runtime directory: the first candidate whose base is usable.
  ///
  /// - Parameters:
  ///   - configPath: The real path of the configuration file.
  ///   - environment: Looks up a variable. Relative paths in `XDG_…` are ignored, as that specification demands.
  ///   - homeDirectory: From the user database, for an environment without `HOME`.
  ///   - isUsable: `RuntimeDirectory.baseIsUsable`, or a table in tests.
  package init(
    configPath: String, environment: (String) -> String?, uid: UInt32, homeDirectory: String? = nil,
    isUsable: (RuntimeDirectory) -> Bool
  ) throws(InstancePathFailure) {
    hash = Self.hash(of: configPath)
    let candidates = Self.candidates(hash: hash, environment: environment, uid: uid)
    guard let chosen = candidates.first(where: isUsable) else {
      throw .noRuntimeDirectory(candidates.map(\.base))
    }
    runtimeDirectory = chosen.path
    stateDirectory = Self.stateDirectory(
      hash: hash, environment: environment, homeDirectory: homeDirectory, runtimeDirectory)
    // No other socket of an instance has a longer name.
    try Self.check(socket: controlSocket)
  }

  /// The paths of this process's user and environment; looks at the file system and may create the base directory.
  package static func current(configPath: String) throws(InstancePathFailure) -> InstancePaths {
    let uid = geteuid()
    let home = getpwuid(uid).flatMap { $0.pointee.pw_dir }.map { String(cString: $0) }
    return try InstancePaths(
      configPath: configPath, environment: { name in getenv(name).map { String(cString: $0) } }, uid: uid,
      homeDirectory: home, isUsable: { $0.baseIsUsable(uid: uid) })
  }

  package var controlSocket: String { "\(runtimeDirectory)/control.sock" }
  /// Held by the daemon while it lives.
  package var lockFile: String { "\(runtimeDirectory)/daemon.lock" }
  /// Where the daemon of a system service listens for the same file.
  package var systemControlSocket: String { "\(Self.systemBase)/\(hash)/control.sock" }
  /// The directories that hold that socket, the inner one last.
  package var systemDirectories: [String] { [Self.systemBase, "\(Self.systemBase)/\(hash)"] }
  /// Whether this is the instance of a system service, whose clients are other users: those in the group that systemd
  /// gave the directory.
  package var isSystemService: Bool { runtimeDirectory == systemDirectories.last }

  /// The socket of a worker; `index` is below 100,000, which keeps the name no longer than the control socket's.
  package func workerSocket(_ index: Int) -> String {
    guard (0..<100_000).contains(index) else { fatalError("worker index \(index) is out of 0..<100000") }
    return "\(runtimeDirectory)/w-\(index).sock"
  }

  package static func hash(of configPath: String) -> String {
    FNV1a.hex64(configPath.utf8)
  }

  /// In the order in which they are tried.
  package static func candidates(
    hash: String, environment: (String) -> String?, uid: UInt32
  ) -> [RuntimeDirectory] {
    var candidates: [RuntimeDirectory] = []
    if environment("RUNTIME_DIRECTORY") == systemBase {
      // systemd created it for us, so we are the system service. Any other value belongs to the service that started us.
      candidates.append(RuntimeDirectory(base: systemBase, createsBase: false, path: "\(systemBase)/\(hash)"))
    }
    if let base = absolute(environment("XDG_RUNTIME_DIR")) {
      candidates.append(RuntimeDirectory(base: base, createsBase: true, path: "\(base)/warmplane/\(hash)"))
    }
    let user = "/run/user/\(uid)"
    candidates.append(RuntimeDirectory(base: user, createsBase: false, path: "\(user)/warmplane/\(hash)"))
    let temporary = "/tmp/warmplane-\(uid)"
    candidates.append(RuntimeDirectory(base: temporary, createsBase: true, path: "\(temporary)/\(hash)"))
    return candidates
  }

  private static func stateDirectory(
    hash: String, environment: (String) -> String?, homeDirectory: String?, _ runtimeDirectory: String
  ) -> String {
    if environment("STATE_DIRECTORY") == "/var/lib/warmplane" { return "/var/lib/warmplane/\(hash)" }
    if let base = absolute(environment("XDG_STATE_HOME")) { return "\(base)/warmplane/\(hash)" }
    if let home = absolute(environment("HOME")) ?? absolute(homeDirectory) {
      return "\(home)/.local/state/warmplane/\(hash)"
    }
    return "\(runtimeDirectory)/state"
  }

  private static func check(socket path: String) throws(InstancePathFailure) {
    guard path.utf8.count <= maxSocketPathBytes else { throw .socketPathTooLong(path) }
  }
}

/// An absolute path without slashes at its end, or nil.
func absolute(_ path: String?) -> String? {
  guard var path, path.utf8.first == UInt8(ascii: "/") else { return nil }
  while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") {
    path.removeLast()
  }
  return path
}
