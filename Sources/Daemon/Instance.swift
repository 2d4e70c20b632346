import Configuration
import Glibc
import Platform
import Protocol

/// The directories, the lock and the control socket of one instance: one per configuration file and user.
struct Instance: ~Copyable {
  /// Why an instance cannot be had, in one sentence.
  struct Failure: Error, CustomStringConvertible { let description: String }

  let paths: InstancePaths
  /// Held as long as the process lives; it makes a second daemon of the same configuration impossible.
  private let lock: OwnedDescriptor
  private var socket: OwnedDescriptor?

  /// Takes the instance of `configPath` (a real path).
  init(configPath: String) throws(Failure) {
    let paths = try Self.paths(of: configPath)
    try Self.makeDirectory(paths.runtimeDirectory)
    let lock = try Self.takeLock(paths)
    // The lock is ours: whatever lies at the socket's path is stale.
    unlink(paths.controlSocket)
    let socket = try Self.listen(at: paths.controlSocket)
    self.init(paths: paths, lock: lock, socket: socket)
  }

  private init(paths: InstancePaths, lock: consuming OwnedDescriptor, socket: consuming OwnedDescriptor) {
    self.paths = paths
    self.lock = lock
    self.socket = consume socket
  }

  private static func paths(of configPath: String) throws(Failure) -> InstancePaths {
    do {
      return try InstancePaths.current(configPath: configPath)
    } catch {
      throw Failure(description: "\(error)")
    }
  }

  private static func listen(at path: String) throws(Failure) -> OwnedDescriptor {
    do {
      return try UnixSocket.listen(at: path)
    } catch {
      throw Failure(description: "the control socket cannot be opened: \(error)")
    }
  }

  /// The listening control socket; once.
  mutating func takeSocket() -> OwnedDescriptor {
    guard let socket = socket.take() else { fatalError("the control socket was taken twice") }
    return socket
  }

  /// Removes the socket, so that nobody waits for an answer.
  borrowing func removeSocket() { unlink(paths.controlSocket) }

  /// Creates `path` and what is missing above it, private to the user, and makes sure that it is.
  private static func makeDirectory(_ path: String) throws(Failure) {
    var partial = ""
    for part in path.split(separator: "/") {
      partial += "/\(part)"
      if mkdir(partial, 0o700) != 0, errno != EEXIST {
        throw Failure(description: "the directory \(partial) cannot be made: \(SystemError("mkdir"))")
      }
    }
    var information = stat()
    guard lstat(path, &information) == 0, information.st_mode & S_IFMT == S_IFDIR else {
      throw Failure(description: "\(path) is not a directory")
    }
    guard information.st_uid == geteuid() else {
      throw Failure(description: "the directory \(path) belongs to another user")
    }
    if information.st_mode & 0o077 != 0, chmod(path, 0o700) != 0 {
      throw Failure(description: "the directory \(path) cannot be made private: \(SystemError("chmod"))")
    }
  }

  private static func takeLock(_ paths: InstancePaths) throws(Failure) -> OwnedDescriptor {
    let lock: OwnedDescriptor
    do {
      lock = try OwnedDescriptor.open(paths.lockFile, O_RDWR | O_CREAT)
    } catch {
      throw Failure(description: "the lock file cannot be opened: \(error)")
    }
    if flock(lock.number, LOCK_EX | LOCK_NB) != 0 {
      var text = [UInt8](repeating: 0, count: 32)
      let count = pread(lock.number, &text, text.count, 0)
      let pid = String(decoding: text.prefix(max(0, count)), as: UTF8.self).filter(\.isNumber)
      let who = pid.isEmpty ? "another daemon" : "a daemon with pid \(pid)"
      throw Failure(description: "\(who) runs for this configuration already; end it with `warmplane stop`")
    }
    let pid = Array("\(getpid())\n".utf8)
    _ = ftruncate(lock.number, 0)
    _ = pwrite(lock.number, pid, pid.count, 0)
    return lock
  }
}
