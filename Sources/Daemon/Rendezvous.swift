import Configuration
import Glibc
import Platform

/// A second lock and a link to the control socket, at the place where clients look whose environment was stripped.
///
/// MCP clients start the bridge with hardly any variables. Without this it would look for the daemon of a shell with a
/// `XDG_RUNTIME_DIR` of its own at another place, not find it, and start another one for the same servers.
struct Rendezvous: ~Copyable {
  private let directory: String
  private let lock: InstanceLock

  private init(directory: String, lock: consuming InstanceLock) {
    self.directory = directory
    self.lock = lock
  }

  /// The directory, if it is another one than the instance's own and can be used.
  static func directory(for paths: InstancePaths) -> String? {
    // A system service has a user of its own, and clients look for it at a fixed place.
    if paths.isSystemService { return nil }
    let uid = geteuid()
    let candidates = InstancePaths.candidates(hash: paths.hash, environment: { _ in nil }, uid: uid)
    guard let path = candidates.first(where: { $0.baseIsUsable(uid: uid) })?.path,
      path != paths.runtimeDirectory, (try? PrivateDirectory.make(path)) != nil
    else { return nil }
    return path
  }

  /// Takes the lock of `directory`; nil while another daemon has it.
  static func take(_ directory: String) throws(SystemError) -> Rendezvous? {
    while true {
      do throws(SystemError) {
        guard let lock = try InstanceLock.take(lockFile(directory)) else { return nil }
        return Rendezvous(directory: directory, lock: lock)
      } catch {
        // The last owner removes the directory together with its lock, perhaps at this moment.
        guard error.code == ENOENT, (try? PrivateDirectory.make(directory)) != nil else { throw error }
      }
    }
  }

  /// The lock of `directory` that the program before us in this process had.
  static func inherited(_ number: Int32, _ directory: String) -> Rendezvous? {
    guard let lock = InstanceLock.inherited(number, lockFile(directory)) else { return nil }
    return Rendezvous(directory: directory, lock: lock)
  }

  var lockNumber: Int32 { lock.number }

  /// Lets those who look here find `socket`.
  borrowing func link(to socket: String) {
    // The lock is ours: what lies there is of a daemon that is gone.
    unlink(link)
    symlink(socket, link)
  }

  /// Where clients that look here find that a service manager starts this daemon.
  var managedMark: String { "\(directory)/\(InstancePaths.managedMarkName)" }

  /// Leaves nothing behind, but the mark of a daemon that is expected back. Whoever waits for the lock finds out that its file is gone.
  borrowing func remove() {
    unlink(link)
    lock.removeFile()
    rmdir(directory)
  }

  /// The lock file of a directory.
  static func lockFile(_ directory: String) -> String { "\(directory)/daemon.lock" }

  private var link: String { "\(directory)/control.sock" }
}
