import Protocol

/// Makes a legacy session agree with what clients want (mcp-checklist MAP-35, MAP-80): says what to ask the upstream
/// next, from what is wanted and what the upstream has acknowledged. Pure.
///
/// What the upstream refused is not asked again before it was unwanted in between, or there is a new session.
struct InterestState {
  /// Subscriptions that are asked for at once: a thousand of them must not stand before a client's call.
  static let mostOpen = 16
  /// What an upstream is set to when nobody has a wish any more: what clients get that have set no level.
  static let restingLevel = MessageLevel.info

  enum Step: Hashable {
    case setLevel(MessageLevel)
    case subscribe(String)
    case unsubscribe(String)
  }

  private var takesLevel = false
  private var takesSubscriptions = false
  private var level: MessageLevel?
  private var refusedLevel: MessageLevel?
  private var isLevelOpen = false
  private var wantedLevel: MessageLevel?
  private var wanted: Set<ExactText> = []
  private(set) var subscribed: Set<ExactText> = []
  private var refused: Set<ExactText> = []
  /// Subscriptions and their ends that are asked for and not answered.
  private var open: Set<ExactText> = []
  /// What is to be asked, last first.
  private var todo: [Step] = []
  /// Subscribed in a session that is lost: changes in between were not told.
  private var missed: Set<ExactText> = []

  /// There is a session, the first or another one: the upstream knows of nothing.
  mutating func reset(_ session: Established) {
    let isLegacy = session.revision.era == .legacy
    takesLevel = isLegacy && session.capabilities.member("logging") != nil
    takesSubscriptions = isLegacy && session.takesSubscriptions
    missed.formUnion(subscribed)
    (level, refusedLevel, isLevelOpen) = (nil, nil, false)
    (subscribed, refused, open) = ([], [], [])
    plan()
  }

  mutating func want(_ interests: Interests) {
    wantedLevel = interests.logLevel
    wanted = Set(interests.resources.map { ExactText($0) })
    refused.formIntersection(wanted)
    missed.formIntersection(wanted)
    if wantedLevel != refusedLevel { refusedLevel = nil }
    plan()
  }

  private mutating func plan() {
    guard takesSubscriptions else {
      todo = []
      return
    }
    let new = wanted.filter { !subscribed.contains($0) && !open.contains($0) && !refused.contains($0) }
    let old = subscribed.filter { !wanted.contains($0) && !open.contains($0) }
    todo =
      old.map(\.text).sorted(by: >).map { .unsubscribe($0) } + new.map(\.text).sorted(by: >).map { .subscribe($0) }
  }

  /// What to ask now; `ended` follows for each.
  mutating func next() -> [Step] {
    var steps: [Step] = []
    let goal = wantedLevel ?? (level == nil ? nil : Self.restingLevel)
    if takesLevel, !isLevelOpen, let goal, goal != level, goal != refusedLevel {
      isLevelOpen = true
      steps.append(.setLevel(goal))
    }
    while open.count < Self.mostOpen, let step = todo.popLast() {
      switch step {
      case .subscribe(let uri), .unsubscribe(let uri): open.insert(ExactText(uri))
      case .setLevel: break
      }
      steps.append(step)
    }
    return steps
  }

  /// The upstream did what it was asked, or not. Returns a resource that may have changed while nobody could tell.
  mutating func ended(_ step: Step, isDone: Bool) -> String? {
    switch step {
    case .setLevel(let asked):
      isLevelOpen = false
      if isDone { level = asked } else { refusedLevel = asked }
      return nil
    case .subscribe(let uri):
      let key = ExactText(uri)
      open.remove(key)
      if isDone { subscribed.insert(key) }
      if !wanted.contains(key) {
        if isDone { todo.append(.unsubscribe(uri)) }
        return nil
      }
      if !isDone { refused.insert(key) }
      return missed.remove(key)?.text
    case .unsubscribe(let uri):
      let key = ExactText(uri)
      open.remove(key)
      subscribed.remove(key)
      if wanted.contains(key) { todo.append(.subscribe(uri)) }
      return nil
    }
  }
}

extension Established {
  /// Whether the upstream can be asked to tell of changes of single resources. The official Python SDK 1.x announces
  /// `subscribe: false` whatever its server does, so a legacy upstream with resources is asked, and may refuse.
  var takesSubscriptions: Bool {
    let resources = capabilities.member("resources")
    return revision.era == .legacy ? resources != nil : resources?.member("subscribe")?.bool == true
  }
}
