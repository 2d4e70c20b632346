package import Platform
import Protocol
package import Telemetry

/// Takes the daemon's spans and exports them to an OTLP collector, in batches and in the background: whoever records pays
/// for the encoding only, and for nothing while the queue is full. Loop-confined.
package final class TraceExporter: SpanRecorder {
  /// The tracer's name (contract §8.2).
  private static let scope = "warmplane"

  private let loop: EventLoop
  private let settings: ExporterSettings
  private let transport: any CollectorTransport
  private let log: Logger
  private let request: TraceRequest
  private var queue: SpanQueue
  private var cycle: ExportCycle
  /// The batch under way.
  private var batch: [[UInt8]] = []
  private var timer: Timer?
  private var flushed: (() -> Void)?
  /// When the flush ends at the latest.
  private var flushDeadline: MonotonicTime?
  private var isClosed = false

  /// `instance`: attributes of the resource beside `service.name`.
  package init(
    loop: EventLoop, settings: ExporterSettings, instance: [SpanAttribute], transport: any CollectorTransport,
    log: Logger
  ) {
    self.loop = loop
    self.settings = settings
    self.transport = transport
    self.log = log
    request = TraceRequest(
      resource: [SpanAttribute("service.name", settings.serviceName)] + instance, scope: Self.scope,
      version: WarmplaneVersion.current)
    queue = SpanQueue(capacity: settings.queueSize, batchSize: settings.batchSize)
    cycle = ExportCycle(scheduleDelay: settings.scheduleDelay, exportTimeout: settings.exportTimeout)
  }

  package func record(_ span: Span) {
    guard !isClosed, queue.append({ TraceRequest.encode(span) }) else { return }
    take(cycle.added(hasBatch: queue.hasBatch, at: .now))
  }

  /// Exports what waits, once and at most for `limit`, then calls `completion`. The last call: spans that are recorded
  /// later may be lost.
  package func flush(within limit: Duration, _ completion: @escaping () -> Void) {
    flushed = completion
    flushDeadline = .now + limit
    timer?.cancel()
    timer = loop.schedule(after: limit) { self.finish() }
    take(cycle.flush(waiting: queue.count, at: .now))
  }

  // MARK: Steps

  private func take(_ step: ExportCycle.Step) {
    switch step {
    case .nothing: break
    case .wait(let time):
      timer?.cancel()
      timer = loop.schedule(at: time) { [weak self] in
        guard let self else { return }
        take(cycle.timerFired(at: .now))
      }
    case .sendNext:
      if !cycle.isFlushing { timer?.cancel() }
      // After the answer to the client that made the batch full.
      loop.atEndOfTurn { [weak self] in
        guard let self else { return }
        batch = queue.takeBatch()
        send()
      }
    case .sendAgain: send()
    case .finished: finish()
    }
  }

  private func send() {
    guard !isClosed else { return }
    let end = min(cycle.giveUpAt, flushDeadline ?? cycle.giveUpAt)
    let timeout = min(settings.requestTimeout, max(.milliseconds(1), end - .now))
    transport.send(request.message(batch), within: timeout) { [weak self] result in
      self?.ended(ExportOutcome(result))
    }
  }

  private func ended(_ outcome: ExportOutcome) {
    guard !isClosed else { return }
    log.debug("export ended", [LogField("outcome", "\(outcome)"), LogField("spans", batch.count)])
    let (step, reports) = cycle.ended(
      outcome, spans: batch.count, waiting: queue.count, hasBatch: queue.hasBatch, dropped: { queue.takeDropped() },
      jitter: .random(in: 0..<1), at: .now)
    if cycle.phase != .pausing { batch = [] }
    for report in reports { tell(report) }
    take(step)
  }

  private func finish() {
    guard !isClosed else { return }
    isClosed = true
    timer?.cancel()
    let lost = cycle.lost + batch.count + queue.count + queue.takeDropped()
    if lost > 0 {
      // A collector that is down was told already.
      log.log(cycle.isDown ? .info : .warn, "spans were lost", [LogField("count", lost)])
    }
    transport.close()
    flushed?()
    flushed = nil
  }

  // MARK: Log

  private func tell(_ report: ExportCycle.Report) {
    let endpoint = LogField("endpoint", settings.url.origin.description)
    switch report {
    case .down(let detail): log.warn("traces cannot be exported", [endpoint, LogField("detail", detail)])
    case .back(let lost): log.info("traces are exported again", [endpoint, LogField("lost", lost)])
    case .dropped(let count): log.warn("spans were dropped, the queue was full", [LogField("count", count)])
    case .partial(let rejected, let message):
      log.warn(
        "the collector did not take all spans", [endpoint, LogField("count", rejected), LogField("detail", message)])
    }
  }
}
