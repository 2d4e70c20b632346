import Glibc
import Platform

/// Starts the daemon of one configuration file in the background when nobody listens (contract §1.3), and waits until it
/// accepts connections, not until its servers are ready. Blocking; may be used on any thread.
///
/// Any number of starters may run at the same time: the daemons that they start settle by a lock which of them stays,
/// and the others say so and end.
package struct DaemonStarter: Sendable {
  /// The longest that connecting and starting may take together.
  package static let patience = Duration.seconds(10)
  /// A daemon that was told to be there, and is not, is looked for again after this time.
  private static let retryMilliseconds: Int32 = 20

  /// Path of `warmplaned`.
  private let program: String
  /// The configuration's real path.
  private let config: String

  package init(program: String, config: String) {
    self.program = program
    self.config = config
  }

  /// With the program that is installed beside the running one.
  package init(config: String) throws(ClientError) {
    do {
      self.init(program: ExecutablePath.sibling("warmplaned", of: try ExecutablePath.own()), config: config)
    } catch {
      throw .notStarted("cannot find out where this program is installed: \(error)")
    }
  }

  /// What `connect` returns; when it throws `nobodyListens`, a daemon is started and `connect` is called again. Throws
  /// `notStarted` with what is known when there is still nobody after `patience`. `onWait` is called now and then.
  package func attach<Connection: ~Copyable>(
    onWait: WaitObserver? = nil, _ connect: () throws(ClientError) -> Connection
  ) throws(ClientError) -> Connection {
    let start = MonotonicTime.now
    let deadline = start + Self.patience
    while true {
      do {
        return try connect()
      } catch {
        guard case .nobodyListens = error else { throw error }
        guard MonotonicTime.now < deadline else { throw .notStarted("\(error)", causes: error.causes) }
      }
      try startOne(since: start, until: deadline, onWait)
    }
  }

  /// Starts a daemon and returns when it says that it, or another one, listens.
  private func startOne(
    since start: MonotonicTime, until deadline: MonotonicTime, _ onWait: WaitObserver?
  ) throws(ClientError) {
    let reading: OwnedDescriptor
    do { reading = try launch() } catch {
      let hint = error.code == ENOENT ? "; it belongs beside the program warmplane" : ""
      throw .notStarted("cannot start \(program): \(error.reason)\(hint)")
    }
    var report = StartReport()
    while report.outcome == nil {
      guard DescriptorWait.wait(reading, for: POLLIN, until: deadline, since: start, observer: onWait) else {
        throw .notStarted("it did not listen within \(Self.patience.components.seconds) s")
      }
      report.read(from: reading)
    }
    switch report.outcome {
    case .ready, nil: return
    case .occupied:
      // The other one listens at once; this wait only keeps one that ends at this moment from being asked in a circle.
      poll(nil, 0, Self.retryMilliseconds)
    case .failed(let text): throw .notStarted(text)
    }
  }

  /// The reading end of the pipe on which the daemon reports. Its errors go there, too: nobody else would see them.
  private func launch() throws(SystemError) -> OwnedDescriptor {
    var pipe = try OwnedDescriptor.pipe()
    let writing = pipe.takeSecond()
    var plan = SpawnPlan(
      program: program, arguments: [program, "--background", "--config", config],
      environment: ProcessEnvironment.all.map { "\($0.name)=\($0.value)" })
    plan.error = try writing.duplicate()
    plan.passed = try writing.duplicate()
    try plan.spawnDetached()
    return pipe.takeFirst()
  }
}
