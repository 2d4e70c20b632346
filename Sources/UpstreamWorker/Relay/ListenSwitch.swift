/// Which `subscriptions/listen` of a 2026-07-28 upstream is open (mcp-checklist §5.9, MAP-35). Its filter cannot be
/// changed: for another one a new request is opened, and the old one is closed when the new one is acknowledged, so that
/// nothing is missed in between. Pure.
struct ListenSwitch {
  /// The notification that says what of the filter is honoured.
  static let acknowledgement = "notifications/subscriptions/acknowledged"
  /// An open request that was not acknowledged within this time is taken for acknowledged.
  static let patience = Duration.seconds(10)

  enum Action: Equatable {
    /// Open the request with this number.
    case open(Int, Subscription)
    case close(Int)
  }

  private struct Listen {
    let number: Int
    let subscription: Subscription
  }

  private var wanted: Subscription?
  /// Acknowledged.
  private var current: Listen?
  private var opening: Listen?
  /// Of no use until something else is wanted.
  private var refused: [Subscription] = []
  private var last = 0
  /// A request ended that nobody had closed: what came before the next one was not told.
  private var hasGap = false

  /// Nil: nothing is to be told.
  mutating func want(_ subscription: Subscription?) -> [Action] {
    if wanted != subscription { refused = [] }
    wanted = subscription
    return settle()
  }

  /// The upstream tells of what was asked. `missed`: changes before were not told.
  mutating func acknowledged(_ number: Int) -> (actions: [Action], missed: Bool) {
    guard let opening, opening.number == number else { return ([], false) }
    let actions = current.map { [Action.close($0.number)] } ?? []
    current = opening
    self.opening = nil
    defer { hasGap = false }
    return (actions + settle(), hasGap)
  }

  /// The upstream cannot be asked for that. What is open stays.
  mutating func refused(_ number: Int) -> [Action] {
    if let opening, opening.number == number {
      self.opening = nil
      refused.append(opening.subscription)
      // Better the lists alone than nothing.
      if current == nil, let less = opening.subscription.withoutResources, !refused.contains(less) { return open(less) }
      return settle()
    }
    guard let refusedOne = current, refusedOne.number == number else { return [] }
    // It was slow to say so, and had been taken as given.
    current = nil
    refused.append(refusedOne.subscription)
    guard opening == nil else { return [] }
    if let less = refusedOne.subscription.withoutResources, !refused.contains(less) { return open(less) }
    return settle()
  }

  /// The upstream ended it. Another one is opened by `again()`, after a while.
  mutating func ended(_ number: Int) -> Bool {
    if current?.number == number {
      current = nil
    } else if opening?.number == number {
      opening = nil
    } else {
      return false
    }
    hasGap = true
    return true
  }

  mutating func again() -> [Action] { settle() }

  /// Whether what comes for `number` is passed on: while two are open, both tell the same.
  func tells(_ number: Int) -> Bool { current.map { $0.number == number } ?? true }

  private mutating func settle() -> [Action] {
    guard opening == nil else { return [] }
    guard let wanted else {
      guard let old = current else { return [] }
      current = nil
      return [.close(old.number)]
    }
    return wanted == current?.subscription || refused.contains(wanted) ? [] : open(wanted)
  }

  private mutating func open(_ subscription: Subscription) -> [Action] {
    last += 1
    opening = Listen(number: last, subscription: subscription)
    return [.open(last, subscription)]
  }
}
