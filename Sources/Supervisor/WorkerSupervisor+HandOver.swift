/// Leaving the workers to the next daemon.
extension WorkerSupervisor {
  /// Tells the workers which answers were delivered, and nothing else: they keep their upstreams. Nothing is to be asked
  /// of this supervisor afterwards.
  package func handOver() {
    isStopping = true
    for server in servers + retired { server.link?.handOver() }
  }
}
