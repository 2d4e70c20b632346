import Platform
import Protocol

/// `subscriptions/listen` over a pipe (2026-07-28): its requests have the ids `listen-1`, `listen-2`, … and everything
/// that comes for them says which.
extension StdioTransport {
  func listen(to resources: [String]) {
    self.resources = resources
    guard case .open(let session) = phase else { return }
    perform(listens.want(Subscription(session, resources: resources)))
  }

  func perform(_ actions: [ListenSwitch.Action]) {
    for action in actions {
      switch action {
      case .open(let number, let subscription):
        process?.write(subscription.request(id: .string(Self.id(number))))
        // Not every upstream says that it has understood.
        loop.schedule(after: ListenSwitch.patience) { [weak self] in self?.acknowledged(number) }
      case .close(let number):
        process?.write(
          UpstreamRequest.cancelled(id: .string(Self.id(number)), reason: "another subscription takes its place"))
      }
    }
  }

  /// Takes what concerns the requests themselves, and what comes for one that is no longer listened to.
  func isAboutListening(_ message: IncomingMessage) -> Bool {
    switch message {
    case .notification(ListenSwitch.acknowledgement, let params):
      if let number = Self.subscription(params) { acknowledged(number) }
      return true
    case .notification("notifications/cancelled", let params):
      guard let number = Self.number(params?.member("requestId")?.string) else { return false }
      ended(number)
      return true
    case .notification(_, let params): return Self.subscription(params).map { !listens.tells($0) } ?? false
    case .foreign(.string(let id)?, let isError):
      guard let number = Self.number(id) else { return false }
      if isError { perform(listens.refused(number)) } else { ended(number) }
      return true
    default: return false
    }
  }

  private func acknowledged(_ number: Int) {
    guard case .open = phase else { return }
    _ = listenPlan.opened(at: .now)
    let (actions, missed) = listens.acknowledged(number)
    perform(actions)
    if missed { events.missedChanges() }
  }

  /// The upstream has ended it.
  private func ended(_ number: Int) {
    guard listens.ended(number), case .open(let delay) = listenPlan.ended(at: .now) else { return }
    loop.schedule(after: delay) { [weak self] in
      guard let self, case .open = phase else { return }
      perform(listens.again())
    }
  }

  // MARK: Ids

  private static let prefix = "listen-"

  private static func id(_ number: Int) -> String { "\(prefix)\(number)" }

  private static func number(_ id: String?) -> Int? {
    guard let id, id.hasPrefix(prefix) else { return nil }
    return Int(id.dropFirst(prefix.count))
  }

  private static func subscription(_ params: JSONSlice?) -> Int? {
    number(params?.member("_meta")?.member(MetaKey.subscriptionID)?.string)
  }
}
