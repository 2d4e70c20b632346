import Platform
import Protocol
import Transport

/// What the upstream says beside its messages, on its way to the daemon's log.
extension Worker {
  /// Lines leave in batches: a flood of them costs one frame per tick.
  func scheduleLog() {
    guard !isLogScheduled else { return }
    isLogScheduled = true
    loop.schedule(after: .milliseconds(50)) {
      self.isLogScheduled = false
      self.sendLog()
    }
  }

  func sendLog() {
    // Without a reader the lines stay in the (bounded) batch.
    guard let link, link.tail.hasBatch, let supervisor, supervisor.queuedBytes < Self.logBacklog else {
      return
    }
    let (lines, dropped) = link.takeLog()
    reply(
      JSONRPCWriter.notification(method: WorkerMethod.log) { writer in
        writer.beginObject()
        writer.member("lines", strings: lines)
        if dropped > 0 { writer.member("dropped", dropped) }
        writer.endObject()
      })
  }
}
