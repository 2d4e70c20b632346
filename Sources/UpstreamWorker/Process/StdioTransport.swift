import Platform
import Protocol

/// A session over the pipes of a process. Loop-confined.
///
/// An upstream that cannot stand the probe of the handshake is started again within the same start. Operations are held
/// back while the pipe is full, so that cancels and probes overtake them.
final class StdioTransport: UpstreamTransport {
  /// While this many bytes wait for the pipe, further operations are held back.
  static let pipeBacklog = 256 * 1024

  enum Phase {
    case opening(Handshake)
    case open(Established)
    case over
  }

  let loop: EventLoop
  private let launch: UpstreamLaunch
  private let ids: RequestIDs
  let events: TransportEvents
  /// Starts a process.
  private let makeProcess: () throws(SystemError) -> StdioProcess

  private(set) var phase: Phase
  private(set) var process: StdioProcess?
  private var probeTimer: Timer?
  private var isRestarting = false
  private var isStopped = false
  /// Position of the first byte of each request without an answer in the process's stdin.
  private var firstBytes: [Int: Int] = [:]
  /// Operations that wait for room in the pipe, in order.
  private var held: [OutgoingRequest] = []
  /// What a 2026-07-28 upstream is asked to tell.
  var listens = ListenSwitch()
  var listenPlan = StreamPlan()
  var resources: [String] = []

  init(
    loop: EventLoop, reaper: Reaper, thread: BlockingThread, launch: UpstreamLaunch, program: StdioLaunch,
    helper: String, ids: RequestIDs, events: TransportEvents
  ) {
    self.loop = loop
    self.launch = launch
    self.ids = ids
    self.events = events
    phase = .opening(Handshake(era: launch.era, version: WarmplaneVersion.current))
    makeProcess = { () throws(SystemError) in
      try StdioProcess(
        loop: loop, reaper: reaper, thread: thread, launch: program, mark: launch.mark, helper: helper)
    }
  }

  var pid: Int32? { process?.pid }

  private(set) var waitingBytes = 0

  var carriesHeaders: Bool { false }

  var openingMethod: String {
    if case .opening(let handshake) = phase, handshake.isProbing { return "server/discover" }
    return "initialize"
  }

  // MARK: Opening

  func start() { spawn() }

  private func spawn() {
    do {
      let process = try makeProcess()
      self.process = process
      process.onLine = { [weak self] line in self?.receive(line) }
      process.onErrorLine = { [weak self] line in self?.events.line(line) }
      process.onDrained = { [weak self] in self?.sendHeld() }
      process.onEnded = { [weak self] detail in self?.processEnded(detail) }
      process.onGone = { [weak self] in self?.processGone() }
      try process.start()
      advance(.started)
    } catch {
      // Not from within `start()`: the link is told of nothing before it has its transport.
      loop.atEndOfTurn { [self] in
        end("cannot be started: \(error)")
        if let process { process.stop(grace: .milliseconds(launch.graceMilliseconds)) } else { events.gone() }
      }
    }
  }

  /// Feeds the handshake and does what it says.
  private func advance(_ event: Handshake.Event) {
    guard case .opening(var handshake) = phase else { return }
    let actions = handshake.handle(event)
    phase = .opening(handshake)
    for action in actions {
      switch action {
      case .send(let line): process?.write(line)
      case .startProbeTimer:
        probeTimer = loop.schedule(after: .milliseconds(launch.discoverTimeoutMilliseconds)) { [weak self] in
          self?.advance(.probeTimedOut)
        }
      case .stopProbeTimer: probeTimer?.cancel()
      case .restart:
        // Not a crash: this upstream cannot stand the probe. `processGone` starts the next process.
        isRestarting = true
        process?.stop(grace: .milliseconds(min(500, launch.graceMilliseconds)))
      case .established(let session): open(session, lastID: handshake.lastID)
      case .failed(let detail): end(detail)
      }
    }
  }

  private func open(_ session: Established, lastID: Int) {
    ids.skip(to: lastID)
    phase = .open(session)
    perform(listens.want(Subscription(session, resources: resources)))
    events.opened(session)
  }

  // MARK: Receiving

  private func receive(_ line: LineDecoder.Line) {
    let messages =
      switch line {
      case .line(let bytes): IncomingMessage.read(bytes)
      case .oversized(let prefix): IncomingMessage.oversized(prefix: prefix)
      }
    for message in messages { receive(message) }
  }

  private func receive(_ message: IncomingMessage) {
    switch (phase, message) {
    case (.opening, .result(let id, let result)):
      events.alive()
      advance(.result(id: id, result ?? .emptyObject))
    case (.opening, .error(let id?, let error)):
      events.alive()
      advance(.error(id: id, code: error.code, message: error.message, data: error.object.member("data")))
    case (.opening, .unusable(let id, let failure)):
      advance(.error(id: id, code: MCPErrorCode.invalidRequest, message: failure.detail, data: nil))
    default:
      if let id = message.answeredID { firstBytes[id] = nil }
      if !isAboutListening(message) { events.received(message, .shared) }
    }
  }

  // MARK: Sending

  func send(_ request: OutgoingRequest) {
    guard let process else { return }
    if request.purpose == .call, process.queuedBytes > Self.pipeBacklog || !held.isEmpty {
      held.append(request)
      waitingBytes += request.parameters.range.count
    } else {
      write(request, to: process)
    }
  }

  private func write(_ request: OutgoingRequest, to process: StdioProcess) {
    firstBytes[request.id] = process.acceptedBytes
    process.write(request.message())
  }

  /// The pipe has room again.
  private func sendHeld() {
    guard let process else { return }
    while let request = held.first, process.queuedBytes <= Self.pipeBacklog {
      held.removeFirst()
      waitingBytes -= request.parameters.range.count
      write(request, to: process)
    }
  }

  func reply(_ message: [UInt8]) { process?.write(message) }

  func cancel(_ id: Int, reason: String) -> Bool {
    if let index = held.firstIndex(where: { $0.id == id }) {
      waitingBytes -= held.remove(at: index).parameters.range.count
      return false
    }
    guard firstBytes.removeValue(forKey: id) != nil else { return false }
    process?.write(UpstreamRequest.cancelled(id: id, reason: reason))
    return true
  }

  func mayHaveArrived(_ id: Int) -> Bool {
    guard let first = firstBytes[id], let process else { return false }
    return first < process.writtenBytes
  }

  // MARK: Ending

  private func processEnded(_ detail: String) {
    if isRestarting { return }
    switch phase {
    case .opening: advance(.exited(detail))
    case .open: end(detail)
    case .over: break
    }
  }

  private func end(_ detail: String) {
    probeTimer?.cancel()
    if case .over = phase { return }
    phase = .over
    if !isStopped { events.ended(UpstreamEnd(detail)) }
  }

  private func processGone() {
    process = nil
    if isRestarting, !isStopped {
      isRestarting = false
      spawn()
    } else {
      events.gone()
    }
  }

  func stop(grace: Duration) {
    isStopped = true
    phase = .over
    probeTimer?.cancel()
    process?.stop(grace: grace)
  }
}
