import Glibc
import Platform
import Protocol

/// The program `warmplane-worker`: its supervisor starts it with a listening Unix socket as descriptor 3 and tells it
/// everything else over that socket.
package enum WorkerProgram {
  /// Descriptor of the listening socket.
  static let socketNumber: Int32 = 3
  private static let backlog: Int32 = 8

  /// Runs until the worker has ended its upstream. Returns the exit code.
  package static func run() -> Int32 {
    if CommandLine.arguments.contains("--version") {
      print("warmplane-worker \(WarmplaneVersion.current)")
      return 0
    }
    Signals.block([SIGTERM, SIGINT, SIGHUP, SIGCHLD])
    Signals.ignoreBrokenPipes()
    CoreFiles.forbid()
    StandardDescriptors.ensureOpen()
    do {
      try serve()
      return 0
    } catch {
      let text = "warmplane-worker: \(error)\nIt is started by warmplaned, with its socket as descriptor 3.\n"
      _ = text.withCString { write(2, $0, strlen($0)) }
      return 1
    }
  }

  private static func serve() throws {
    let loop = try EventLoop()
    let socket = OwnedDescriptor(owning: socketNumber)
    // Once more, now as ourselves: who connects from here on sees this process as its peer, not the one that made the
    // socket.
    if listen(socketNumber, backlog) < 0 { throw SystemError("listen") }
    let executable = try ExecutablePath.own()
    let worker = try Worker(
      loop: loop, socket: socket, helper: ExecutablePath.sibling("warmplane-exec", of: executable))
    let signals = try Signals(loop: loop, [SIGTERM, SIGINT, SIGHUP, SIGCHLD]) { signal in
      switch signal {
      case SIGCHLD: worker.assumeIsolated { $0.childrenChanged() }
      case SIGTERM: worker.assumeIsolated { $0.shutDown() }
      default: break  // the terminal's signals are for the supervisor
      }
    }
    try worker.assumeIsolated { try $0.serve() }
    loop.run()
    withExtendedLifetime(signals) {}
  }
}
