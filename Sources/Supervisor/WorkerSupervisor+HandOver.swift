/// Leaving the workers to the next daemon.
extension WorkerSupervisor {
  /// Hears nothing of the workers any more, so that every answer is either with its client or still with its worker when
  /// this daemon ends. To be called before the first client is turned away. Operations can still be sent and cancelled.
  package func giveWay() {
    isGivingWay = true
    for link in links { link.stopReading() }
  }

  /// Tells the workers which answers were delivered, and nothing else: they keep their upstreams. Nothing is to be asked
  /// of this supervisor afterwards.
  package func handOver() {
    isStopping = true
    for link in links { link.handOver() }
  }

  private var links: [WorkerLink] { (servers + retired).compactMap(\.link) + draining.map(\.link) }
}
