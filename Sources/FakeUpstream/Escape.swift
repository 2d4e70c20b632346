import Glibc

/// The classic way out of a process tree: a child in a new session starts a grandchild and exits, and the grandchild
/// closes all descriptors. It keeps its environment, which is what is left to know it by.
enum Escape {
  /// The first argument of this same executable when it is one of the two processes.
  enum Role: String {
    case middle = "--escape-middle"
    case last = "--escape-last"
  }

  private static let program = "/proc/self/exe"

  /// Starts the escape and returns when the middle process is gone.
  static func start(file: String) {
    let middle = ChildProcess.start(program, [Role.middle.rawValue, file])
    guard middle > 0 else { fatalError("cannot start the escaping process: errno \(errno)") }
    waitpid(middle, nil, 0)
  }

  static func run(_ role: Role, file: String) {
    setsid()
    switch role {
    case .middle:
      exit(ChildProcess.start(program, [Role.last.rawValue, file]) > 0 ? 0 : 1)
    case .last:
      signal(SIGTERM, SIG_IGN)
      signal(SIGHUP, SIG_IGN)
      ChildProcess.write(pid: getpid(), to: file)
      for descriptor in 0..<Int32(1024) { close(descriptor) }
      sleep(3600)
    }
  }
}
