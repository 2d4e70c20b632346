import Configuration
import Glibc
package import Platform
import Protocol
package import Supervisor
package import Telemetry

/// Routes the requests of all surfaces to the right worker: decode, policy, lookup, server, call, in this order
/// (contract §3.4). Runs on the daemon's loop; a request that meets a ready server crosses no thread and no task.
package actor FrontRouter {
  let loop: EventLoop
  let settings: FrontSettings
  let supervisor: WorkerSupervisor
  let log: Logger
  let policy: Policy
  let redaction: Redaction
  var catalog: CapabilityCatalog
  var operations: [OperationID: FrontOperation] = [:]
  /// Lists that wait for servers in their first start.
  var waitingLists: [UInt64: WaitingList] = [:]
  private var lastListID: UInt64 = 0
  var http: HTTPServer?
  var httpError: String?
  var control: ControlServer?
  var isStopping = false
  /// Called when a client asked the daemon to stop.
  private var onStopRequest: (@Sendable () -> Void)?
  private var drained: CheckedContinuation<Void, Never>?
  var random = BufferedRandom()

  package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  package init(loop: EventLoop, settings: FrontSettings, supervisor: WorkerSupervisor, log: Logger) {
    self.loop = loop
    self.settings = settings
    self.supervisor = supervisor
    self.log = log
    policy = Policy(settings.configuration.policy)
    redaction = Redaction(keys: settings.configuration.policy.redactKeys)
    catalog = CapabilityCatalog(
      order: settings.configuration.servers.map(\.id), aliases: settings.configuration.capabilityAliases)
  }

  // MARK: Life

  /// Opens the control socket's sessions on `socket`.
  package func serveControl(
    _ socket: OwnedDescriptorBox, onStopRequest: @escaping @Sendable () -> Void
  ) throws(SystemError) {
    self.onStopRequest = onStopRequest
    let control = try ControlServer(loop: loop, socket: socket.take())
    control.identity = { writer in
      writer.beginObject()
      writer.member("version", WarmplaneVersion.current)
      writer.member("pid", Int(getpid()))
      writer.member("config", self.settings.configurationPath)
      writer.endObject()
    }
    control.onRequest = { self.control($0, $1, $2, $3) }
    control.onEnd = { session in for id in session.operations { self.abandon(id) } }
    control.onRefusal = { self.log.warn("control request refused", [LogField("detail", $0)]) }
    self.control = control
  }

  /// Opens `/v1`. Throws when the address or port cannot be had.
  package func serveHTTP(address: String, port: Int) throws(HTTPServerError) {
    let configuration = settings.configuration
    let requestGuard = RequestGuard(
      allowedHosts: configuration.allowedHosts, allowedOrigins: configuration.allowedOrigins)
    let front = HTTPFront(requestGuard: requestGuard, traceID: { self.trace(of: $0).traceID.description }, sink: self)
    var limits = HTTPLimits()
    limits.bodyBytes = configuration.maxBodyBytes
    let server = try HTTPServer(loop: loop, address: address, port: port, limits: limits) { front.receive($0) }
    http = server
    log.info("daemon listening", [LogField("address", address), LogField("port", server.port)])
  }

  /// The port of `/v1`; nil without HTTP.
  package var port: Int? { http?.port }

  /// Stops accepting and lets running operations end for `grace`; the rest is cancelled. Answers are flushed.
  package func drain(grace: Duration) async {
    isStopping = true
    control?.stopAccepting()
    for id in Array(waitingLists.keys) { answerWaitingList(id) }
    if !operations.isEmpty {
      let timer = loop.schedule(after: grace) { self.finishDraining() }
      await withCheckedContinuation { drained = $0 }
      timer.cancel()
    }
    for id in Array(operations.keys) { giveUp(id) }
  }

  private func giveUp(_ id: OperationID) {
    supervisor.assumeIsolated { $0.cancel(id) }
    let failure = OperationFailure(
      status: 503, code: .serverUnreachable, message: "The daemon is stopping.", isRetryable: true,
      reason: "outcome_unknown")
    finish(id, .failure(failure))
  }

  private func finishDraining() {
    drained?.resume()
    drained = nil
  }

  func operationsChanged() { if operations.isEmpty { finishDraining() } }

  /// Closes all surfaces. After `drain`.
  package func close() async {
    if let http {
      await withCheckedContinuation { continuation in http.stop(grace: .seconds(1)) { continuation.resume() } }
    }
    http = nil
    control?.close()
    control = nil
  }

  func requestStop() { onStopRequest?() }

  func nextListID() -> UInt64 {
    lastListID += 1
    return lastListID
  }

  // MARK: Trace

  /// Continues the client's trace, or begins one (contract §3.2).
  func trace(continuing traceparent: String?) -> TraceContext {
    if let traceparent, let parent = TraceContext(traceparent: traceparent) { return parent.child(using: &random) }
    return .generate(using: &random)
  }

  func trace(of exchange: HTTPExchange) -> TraceContext { trace(continuing: exchange.header("traceparent")) }
}

/// Carries a descriptor into an actor; taken once.
package final class OwnedDescriptorBox: Sendable {
  private let number: Int32

  package init(_ descriptor: consuming OwnedDescriptor) { number = descriptor.release() }

  func take() -> OwnedDescriptor { OwnedDescriptor(owning: number) }
}

// MARK: HTTPRequestSink

extension FrontRouter: HTTPRequestSink {
  /// Called on the loop, within the HTTP library's call.
  package nonisolated func handle(_ route: V1Route, _ exchange: HTTPExchange) {
    assumeIsolated { $0.route(route, exchange) }
  }

  private func route(_ route: V1Route, _ exchange: HTTPExchange) {
    let target = ReplyTarget.http(exchange)
    switch route {
    case .listCapabilities(let wait): listCapabilities(target, wait: wait)
    case .describeCapability(let id): describeCapability(target, id, trace: trace(of: exchange))
    case .callTool: callTool(target, ToolCallRequest.decode(exchange.body), trace: trace(of: exchange))
    case .listResources, .readResource, .listPrompts, .getPrompt:
      let failure = OperationFailure(
        status: 404, code: .invalidArgs, message: "Resources and prompts are not served yet.", reason: "unknown_route")
      target.reply(failure, requestID: nil, traceID: trace(of: exchange).traceID.description)
    }
  }
}
