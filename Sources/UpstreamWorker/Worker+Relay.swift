import Platform
import Protocol
import Transport

/// Notifications of the upstream on their way to the supervisor. Nothing of them is kept for the next one but the latest
/// word on each call and each resource.
extension Worker {
  private static let tick = Duration.milliseconds(50)

  var hasRoomForRelays: Bool { supervisor.map { $0.queuedBytes < RelayQueue.backlog } ?? false }

  func progressed(_ operation: OperationID, _ params: JSONSlice) {
    relay(
      .progress(operation),
      JSONRPCWriter.notification(method: WorkerMethod.progress, reserving: params.range.count + 128) { writer in
        writer.beginObject()
        writer.member("operation", operation.description)
        writer.member("params", params)
        writer.endObject()
      })
  }

  func notified(_ notification: UpstreamNotification) {
    let uri = notification.method == "notifications/message" ? nil : notification.params.member("uri")?.string
    relay(uri.map { .resource($0) } ?? .log, notification.encoded())
  }

  private func relay(_ subject: RelayQueue.Subject, _ frame: [UInt8]) {
    if relays.offer(subject, frame, hasRoom: hasRoomForRelays, now: .now) {
      reply(frame)
    } else {
      scheduleRelays()
    }
  }

  private func scheduleRelays() {
    // Without a supervisor what is held waits for the next one.
    guard !isRelayScheduled, supervisor != nil, relays.hasWaiting else { return }
    isRelayScheduled = true
    loop.schedule(after: Self.tick) {
      self.isRelayScheduled = false
      self.sendHeldRelays()
    }
  }

  func sendHeldRelays() {
    if hasRoomForRelays {
      for frame in relays.due(now: .now) { reply(frame) }
      let dropped = relays.takeDropped()
      if dropped > 0 {
        link?.note("\(dropped) log messages of the server were dropped: they came faster than they are read")
      }
    }
    scheduleRelays()
  }
}
