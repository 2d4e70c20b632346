import Protocol

/// How an upstream is reached.
extension Worker {
  /// Makes the transport of a launch; nothing is started.
  func transport(
    _ launch: UpstreamLaunch, _ ids: RequestIDs, _ events: TransportEvents
  ) -> any UpstreamTransport {
    switch launch.transport {
    case .stdio(let program):
      StdioTransport(
        loop: loop, reaper: reaper, thread: thread, launch: launch, program: program, helper: helper, ids: ids,
        events: events)
    case .http: fatalError("an HTTP upstream was accepted")
    }
  }
}
