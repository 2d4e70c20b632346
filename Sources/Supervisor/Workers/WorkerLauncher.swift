import Glibc
import Platform

/// Starts worker processes. The listening socket is made here and passed on as descriptor 3, so that a connection
/// succeeds from the first moment on and nobody waits for a file to appear.
struct WorkerLauncher: Sendable {
  /// Path of `warmplane-worker`.
  let program: String

  /// A worker that runs, and the socket at which it listens.
  struct Started {
    let process: ChildProcess
    let socketPath: String
    let connection: OwnedDescriptorBox
    /// The reading end of its stderr.
    let errors: OwnedDescriptorBox
  }

  /// Starts a worker that listens at `socketPath`; `server` is shown in its command line only. A stale socket file of
  /// an earlier daemon is replaced: the instance lock is ours.
  func launch(loop: EventLoop, reaper: Reaper, server: String, socketPath: String) throws(SystemError) -> Started {
    unlink(socketPath)
    let listener = try UnixSocket.listen(at: socketPath, backlog: 8)
    let connection = try UnixSocket.connect(to: socketPath)
    var plan = SpawnPlan(
      program: program, arguments: ["warmplane-worker", "--server", server], environment: Self.environment)
    plan.passed = consume listener
    var errors = try OwnedDescriptor.pipe()
    plan.error = errors.takeSecond()
    let process = try ChildProcess(loop: loop, reaper: reaper, plan: plan)
    return Started(
      process: process, socketPath: socketPath, connection: OwnedDescriptorBox(connection),
      errors: OwnedDescriptorBox(errors.takeFirst()))
  }

  /// What a worker's environment holds: the dynamic linker's and the allocator's settings, for those who set them.
  /// Everything that concerns the upstream, secrets above all, travels in frames.
  private static var environment: [String] {
    var environment = ["SWIFT_BACKTRACE=enable=no"]
    for (name, value) in ProcessEnvironment.all where name.hasPrefix("LD_") || name.hasPrefix("MALLOC") {
      environment.append("\(name)=\(value)")
    }
    return environment
  }
}
