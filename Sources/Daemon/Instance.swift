import Configuration
import Front
import Glibc
import Platform
import Protocol

/// The directories, the locks and the control socket of one instance: one per configuration file and user.
struct Instance: ~Copyable {
  /// Why an instance cannot be had.
  enum Failure: Error, CustomStringConvertible {
    /// Another daemon has it.
    case occupied(pid: String?)
    case other(String)

    var description: String {
      switch self {
      case .occupied(let pid):
        "\(pid.map { "a daemon with pid \($0)" } ?? "another daemon") runs for this configuration already; "
          + "end it with `warmplane stop`"
      case .other(let text): text
      }
    }
  }

  /// How long a daemon in the background waits for one that ends.
  private static let patience = Duration.seconds(9)

  let paths: InstancePaths
  private let lock: InstanceLock
  private let rendezvous: Rendezvous?
  private var socket: OwnedDescriptor?
  /// A service manager opened the control socket, and listens on it when we do not.
  private let isActivated: Bool

  /// Takes the instance of `configPath` (a real path). With `isPatient`, a daemon that has it and does not listen any
  /// more is waited for: it ends at this moment. `passed`: the sockets of a service manager.
  init(
    configPath: String, isPatient: Bool, inherited: InheritedDescriptors?, passed: PassedSockets?
  ) throws(Failure) {
    let paths: InstancePaths
    do { paths = try InstancePaths.current(configPath: configPath) } catch { throw .other("\(error)") }
    if let inherited {
      try self.init(paths, inherited)
      return
    }
    let isService = paths.isSystemService
    do {
      try PrivateDirectory.make(paths.runtimeDirectory, mode: isService ? 0o750 : 0o700)
    } catch {
      throw .other("\(error)")
    }
    let deadline = MonotonicTime.now + (isPatient ? Self.patience : .zero)
    // The common place first: daemons with different environments must meet at the same lock before anything else.
    var rendezvous: Rendezvous?
    if let directory = Rendezvous.directory(for: paths) {
      // Its type spelled out: as an optional, "taken by somebody else" would pass for a result.
      let common: Rendezvous = try Self.wait(
        until: deadline, Rendezvous.lockFile(directory), "\(directory)/control.sock"
      ) {
        () throws(SystemError) in
        try Rendezvous.take(directory)
      }
      rendezvous = consume common
    }
    let lock = try Self.wait(until: deadline, paths.lockFile, paths.controlSocket) { () throws(SystemError) in
      try InstanceLock.take(paths.lockFile)
    }
    let activated = try Self.activatedSocket(passed, paths)
    let socket: OwnedDescriptor
    if let activated {
      socket = OwnedDescriptor(owning: activated)
    } else {
      socket = try Self.listen(paths)
    }
    rendezvous?.link(to: paths.controlSocket)
    self.init(
      paths: paths, lock: lock, rendezvous: rendezvous, socket: socket, isActivated: activated != nil)
  }

  /// The control socket that a service manager opened. It must be where clients look for it.
  private static func activatedSocket(_ passed: PassedSockets?, _ paths: InstancePaths) throws(Failure) -> Int32? {
    guard let path = passed?.controlPath, let number = passed?.assignment.control else { return nil }
    guard path == paths.controlSocket else {
      throw .other(
        "the service manager opened \(path), where no client looks; the socket unit needs ListenStream="
          + paths.controlSocket)
    }
    // Of a system service whoever can open the file may do everything.
    var information = stat()
    if paths.isSystemService, stat(path, &information) != 0 || information.st_mode & 0o002 != 0 {
      throw .other("everybody may use \(path): the socket unit needs SocketMode=0660 and SocketGroup=")
    }
    return number
  }

  private static func listen(_ paths: InstancePaths) throws(Failure) -> OwnedDescriptor {
    // The lock is ours, so no daemon listens here. A service manager may, for a daemon that it would start.
    if (try? UnixSocket.connect(to: paths.controlSocket)) != nil {
      throw .other(
        "a service manager listens at \(paths.controlSocket) and starts the daemon itself; use that, or stop its "
          + "socket unit")
    }
    unlink(paths.controlSocket)
    do {
      return try UnixSocket.listen(at: paths.controlSocket, mode: paths.isSystemService ? 0o660 : 0o600)
    } catch {
      throw .other("the control socket cannot be opened: \(error)")
    }
  }

  /// Goes on with what the program before us in this process had.
  private init(_ paths: InstancePaths, _ inherited: InheritedDescriptors) throws(Failure) {
    guard let lock = InstanceLock.inherited(inherited.lock, paths.lockFile) else {
      throw .other("the lock that was passed on is not that of \(paths.lockFile)")
    }
    var rendezvous: Rendezvous?
    if let number = inherited.rendezvous, let directory = Rendezvous.directory(for: paths) {
      rendezvous = Rendezvous.inherited(number, directory)
    }
    self.init(
      paths: paths, lock: lock, rendezvous: rendezvous, socket: OwnedDescriptor(owning: inherited.control),
      isActivated: inherited.isActivated)
  }

  private init(
    paths: InstancePaths, lock: consuming InstanceLock, rendezvous: consuming Rendezvous?,
    socket: consuming OwnedDescriptor, isActivated: Bool
  ) {
    self.isActivated = isActivated
    self.paths = paths
    self.lock = lock
    self.rendezvous = rendezvous
    self.socket = consume socket
  }

  /// What `take` gives, tried again until `deadline` while the owner of the lock in `lockFile` does not listen at `path`.
  private static func wait<Lock: ~Copyable>(
    until deadline: MonotonicTime, _ lockFile: String, _ path: String, _ take: () throws(SystemError) -> Lock?
  ) throws(Failure) -> Lock {
    while true {
      do {
        if let lock = try take() { return lock }
      } catch {
        throw .other("the lock file cannot be opened: \(error)")
      }
      if MonotonicTime.now >= deadline || (try? UnixSocket.connect(to: path)) != nil {
        throw .occupied(pid: InstanceLock.owner(of: lockFile))
      }
      // Nothing tells the end of a process that is not ours; waiting in flock could not be bounded.
      poll(nil, 0, 10)
    }
  }

  /// The listening control socket; once.
  mutating func takeSocket() -> OwnedDescriptor {
    guard let socket = socket.take() else { fatalError("the control socket was taken twice") }
    return socket
  }

  /// Replaces this program by `program`, which goes on with the locks and with the listening sockets. Returns only when
  /// that failed.
  borrowing func become(_ program: String, control: Int32, _ sockets: ListeningSockets) -> SystemError {
    var inherited = InheritedDescriptors(lock: lock.number, control: control)
    switch rendezvous {
    case .some(let rendezvous): inherited.rendezvous = rendezvous.lockNumber
    case .none: break
    }
    (inherited.http, inherited.mcp) = (sockets.http, sockets.mcp)
    inherited.isActivated = isActivated
    return inherited.become(program)
  }

  /// Says beside the socket whether a service manager starts this daemon again when it ends otherwise than by order:
  /// then commands wait for that instead of starting one of their own.
  borrowing func mark(isManaged: Bool) {
    for path in managedMarks {
      if isManaged {
        _ = try? OwnedDescriptor.open(path, O_WRONLY | O_CREAT | O_NOFOLLOW, mode: 0o600)
      } else {
        unlink(path)
      }
    }
  }

  /// The files that say so, one for each place where clients look.
  var managedMarks: [String] {
    let own = "\(paths.runtimeDirectory)/\(InstancePaths.managedMarkName)"
    switch rendezvous {
    case .some(let rendezvous): return [own, rendezvous.managedMark]
    case .none: return [own]
    }
  }

  /// Removes the socket, so that nobody waits for an answer; but not one on which a service manager listens.
  borrowing func removeSocket() {
    if !isActivated { unlink(paths.controlSocket) }
    rendezvous?.remove()
  }
}
