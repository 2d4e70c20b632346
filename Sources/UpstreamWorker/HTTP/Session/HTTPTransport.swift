import HTTPClient
import Platform
import Protocol

/// A session over streamable HTTP, or over the two endpoints of 2024-11-05. Loop-confined.
///
/// Each message is a POST of its own. A session that the upstream does not know any more is opened again underneath, once
/// for all requests that found it lost; they were not executed, and are sent again, once each. A request whose answer
/// stream broke is not sent again: its answer is fetched where the upstream offers that, else it is lost.
final class HTTPTransport: UpstreamTransport {
  /// The link's own requests, and messages without an answer, are given up after this time.
  static let ownPatience = Duration.seconds(60)
  static let notificationPatience = Duration.seconds(30)
  /// Answers of ours and cancellations under way; more of them are dropped.
  static let mostNotifications = 64

  let loop: EventLoop
  let launch: HTTPLaunch
  let url: HTTPURL
  let access: HTTPAccess
  let ids: RequestIDs
  let events: TransportEvents
  let era: ProtocolRevision.Era?
  let discoverPatience: Duration

  /// While a session is being opened, the first or a later one.
  var handshake: HTTPHandshake?
  /// The exchange of the handshake's message that is out, and its id.
  var opening: UpstreamExchange?
  var openingID = 0
  var probeTimer: Timer?
  /// The session that `initialize` has given, until it is confirmed.
  var candidate: HTTPSession?
  var session: HTTPSession?
  /// The generation of the protocol that the link builds its messages for.
  var openedEra: ProtocolRevision.Era?

  /// Requests without an answer, by id.
  var runs: [Int: RequestRun] = [:]
  /// Those of them that wait for a session, in order.
  var waiting: [Int] = []
  private(set) var waitingBytes = 0
  var notifications: [ObjectIdentifier: UpstreamExchange] = [:]
  /// The GET stream of a legacy session.
  var stream: StandingStream?
  /// Every stream of 2024-11-05 that is open: that of the session, those of sessions that were replaced while requests of
  /// theirs were out, and `openingStream`.
  var eventStreams: [EventStream2024] = []
  /// The one that belongs to the session that is being opened.
  var openingStream: EventStream2024?
  /// What a 2026-07-28 upstream is asked to tell, and the streams for that by the numbers of `listens`.
  var openedSession: Established?
  var listens = ListenSwitch()
  var listenStreams: [Int: StandingStream] = [:]
  var resources: [String] = []
  var isOver = false
  private var isStopped = false

  /// `url`: that of `launch`, parsed.
  init(
    loop: EventLoop, upstream: UpstreamLaunch, launch: HTTPLaunch, url: HTTPURL, authorizer: any RequestAuthorizer,
    ids: RequestIDs, events: TransportEvents
  ) {
    self.loop = loop
    self.launch = launch
    self.url = url
    self.ids = ids
    self.events = events
    era = upstream.era
    discoverPatience = .milliseconds(upstream.discoverTimeoutMilliseconds)
    access = HTTPAccess(loop: loop, launch: launch, authorizer: authorizer)
  }

  var pid: Int32? { nil }

  var carriesHeaders: Bool { session?.revision.era == .modern }

  var openingMethod: String { handshake?.method ?? "initialize" }

  func start() { open(era: era) }

  // MARK: Requests

  func send(_ request: OutgoingRequest) {
    if isOver { return }
    let run = RequestRun(request)
    runs[request.id] = run
    waitingBytes += request.parameters.range.count
    if request.purpose != .call {
      run.deadline = loop.schedule(after: Self.ownPatience) { [weak self] in
        self?.finish(
          run, RequestFailure(.unknown, CallFailure(.timeout, "no answer within \(Self.ownPatience)"), isOutage: true))
      }
    }
    dispatch(run)
  }

  func cancel(_ id: Int, reason: String) -> Bool {
    guard let run = runs[id] else { return false }
    let hasArrived = run.mayHaveArrived
    let session = run.session
    run.drop()
    remove(run)
    // 2026-07-28: closing the answer says it all. Before, a closed connection says nothing.
    if hasArrived, let session, session.revision.era == .legacy {
      notify(UpstreamRequest.cancelled(id: id, reason: reason), session)
    }
    return hasArrived
  }

  func mayHaveArrived(_ id: Int) -> Bool { runs[id]?.mayHaveArrived ?? false }

  /// Takes a request out of all tables.
  func remove(_ run: RequestRun) {
    runs[run.request.id] = nil
    waitingBytes -= run.request.parameters.range.count
    waiting.removeAll { $0 == run.request.id }
    leave(run)
  }

  /// A request ends without an answer.
  func finish(_ run: RequestRun, _ failure: RequestFailure) {
    guard runs[run.request.id] === run else { return }
    run.drop()
    remove(run)
    events.failed(run.request.id, failure)
  }

  // MARK: Messages without an answer

  func reply(_ message: [UInt8]) {
    // 2026-07-28 knows no requests of the upstream, and no answers to them.
    guard let session, session.revision.era == .legacy else { return }
    notify(message, session)
  }

  func notify(_ message: [UInt8], _ session: HTTPSession) {
    guard !isOver, notifications.count < Self.mostNotifications else { return }
    let plan = ExchangePlan.post(
      session.endpoint, RequestFields.post(session), message, isRequest: false, timeout: Self.notificationPatience)
    post(plan)
  }

  /// What becomes of it is of no interest.
  func post(_ plan: ExchangePlan) {
    var key: ObjectIdentifier?
    let exchange = UpstreamExchange(
      access, plan,
      UpstreamExchange.Handlers(end: { [weak self] _ in
        if let key { self?.notifications[key] = nil }
      }))
    key = ObjectIdentifier(exchange)
    notifications[ObjectIdentifier(exchange)] = exchange
    exchange.start()
  }

  // MARK: Ending

  /// The session is over, and nothing opens another one.
  func end(_ end: UpstreamEnd) {
    if isOver { return }
    isOver = true
    // The link asks for each request whether it may have arrived, and stops us then.
    events.ended(end)
  }

  func stop(grace: Duration) {
    if isStopped { return }
    isStopped = true
    isOver = true
    probeTimer?.cancel()
    opening?.cancel()
    closeStreams()
    for stream in eventStreams { stream.exchange?.cancel() }
    for run in runs.values { run.drop() }
    for exchange in notifications.values { exchange.cancel() }
    runs = [:]
    guard let session = session ?? candidate, session.id != nil, launch.allowStateless != true else {
      return loop.atEndOfTurn { [self] in leave() }
    }
    var hasLeft = false
    let leaveOnce = { [self] in
      if hasLeft { return }
      hasLeft = true
      leave()
    }
    let farewell = UpstreamExchange(
      access, .delete(session, timeout: grace), UpstreamExchange.Handlers(end: { _ in leaveOnce() }))
    farewell.start()
    // Credentials may take longer than the exchange.
    loop.schedule(after: grace) {
      farewell.cancel()
      leaveOnce()
    }
  }

  /// Nothing is left but, perhaps, a renewal of credentials whose answer must not be lost.
  private func leave() {
    access.client.close()
    var isGone = false
    let goneOnce = { [self] in
      if isGone { return }
      isGone = true
      events.gone()
    }
    access.authorizer.settle(goneOnce)
    if !isGone { loop.schedule(after: WorkerMethod.settlePatience, goneOnce) }
  }
}
