import Configuration
import Glibc
import Platform
import Protocol
import Telemetry
import Transport

/// Workers of an earlier daemon of this configuration that crashed: they still hold their upstreams. This version ends
/// them, cleanly, before it starts its own, so that there is never a second set of one server's processes.
extension WorkerSupervisor {
  /// How long a leftover worker may take to end its upstream, beside the grace of the teardown ladder.
  private static let patience = Duration.seconds(3)

  /// Begins to end what listens at worker sockets. All servers wait for that with their start: which of them a worker
  /// belonged to is not told by its socket, and the configuration may have changed since.
  func retireLeftovers() {
    let paths = leftoverIndices().map { settings.paths.workerSocket($0) }
    guard !paths.isEmpty else { return }
    for server in servers { server.isSweeping = true }
    Task {
      let retirements = paths.map { path in Task { await self.retire(path) } }
      for retirement in retirements { await retirement.value }
      for server in self.servers { self.sweepEnded(server) }
    }
  }

  private func leftoverIndices() -> [Int] {
    guard let directory = opendir(settings.paths.runtimeDirectory) else { return [] }
    defer { closedir(directory) }
    var indices: [Int] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name.hasPrefix("w-"), name.hasSuffix(".sock"), let index = Int(name.dropFirst(2).dropLast(5)),
        (0..<100_000).contains(index)
      else { continue }
      indices.append(index)
    }
    return indices
  }

  private func retire(_ path: String) async {
    guard let connection = try? FrameConnection(loop: loop, socket: UnixSocket.connect(to: path)) else {
      // Nobody listens any more: a stale file.
      unlink(path)
      return
    }
    let limit = Duration.milliseconds(2 * settings.configuration.daemon.stopGraceMs) + Self.patience
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      retire(connection, within: limit) { continuation.resume() }
    }
    unlink(path)
  }

  private func retire(_ connection: FrameConnection, within limit: Duration, _ done: @escaping () -> Void) {
    let requests = PendingRequests(loop: loop)
    var worker: WorkerSnapshot?
    let timer = loop.schedule(after: limit) {
      if let pid = worker?.pid { kill(pid, SIGKILL) }
      connection.close()
      done()
    }
    connection.onMessage = { payload in
      if let message = try? JSONRPCMessage(parsing: payload) { requests.take(message) }
    }
    connection.onEnd = { _ in
      timer.cancel()
      done()
    }
    do { try connection.start() } catch {
      timer.cancel()
      return done()
    }
    let hello = requests.add(timeout: nil) { result in
      guard case .success(let answer) = result, let snapshot = WorkerSnapshot(answer) else { return }
      worker = snapshot
      self.log.info(
        "ending a worker of an earlier daemon",
        [LogField("server_id", snapshot.server), LogField("worker_pid", Int(snapshot.pid))])
    }
    connection.send(
      JSONRPCWriter.request(id: hello, method: WorkerMethod.hello, params: { WorkerHello.current.write(to: &$0) }))
    let shutdown = requests.add(timeout: nil) { _ in }
    connection.send(
      JSONRPCWriter.request(id: shutdown, method: WorkerMethod.shutdown, params: { $0.writeEmptyObject() }))
  }
}
