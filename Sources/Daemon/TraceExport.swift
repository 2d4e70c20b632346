import Exporter
import Glibc
import HTTPClient
import Platform
import Protocol
import Telemetry

/// The export of traces, when the daemon's environment turns it on (contract §8.2). Whatever is wrong with it is a warning
/// and never the daemon's end.
struct TraceExport: Sendable {
  private let exporter: LoopBound<TraceExporter>
  private let exportTimeout: Duration

  /// Nil when it is off or cannot be.
  init?(loop: EventLoop, log: Logger) {
    let (settings, warnings) = ExporterSettings.fromEnvironment { ProcessEnvironment[$0] }
    for warning in warnings { log.warn(warning) }
    guard let settings else { return nil }
    var client = HTTPClient.Settings(
      userAgent: "warmplane/\(WarmplaneVersion.current)", authorityFile: settings.authorityFile)
    client.mostIdleConnections = 1
    // A proxy for clear text knows no HTTP/2 without upgrade; for TLS it only tunnels.
    if settings.url.isSecure { client.proxies = ProcessEnvironment.all.map { "\($0.name)=\($0.value)" } }
    Self.loadLibrary()
    let transport = GRPCTransport(client: HTTPClient(loop: loop, settings: client), settings: settings)
    exporter = LoopBound(
      TraceExporter(loop: loop, settings: settings, instance: Self.instance, transport: transport, log: log))
    exportTimeout = settings.exportTimeout
    log.info(
      "traces are exported",
      [LogField("endpoint", settings.url.origin.description), LogField("service_name", settings.serviceName)])
  }

  /// Takes spans on the loop.
  var recorder: LoopBound<any SpanRecorder> { LoopBound(exporter.value) }

  /// Exports what waits, for `limit` at most. On the loop, once, when no span is recorded any more.
  func flush(within limit: Duration) async {
    await withCheckedContinuation { continuation in
      exporter.value.flush(within: min(limit, exportTimeout)) { continuation.resume() }
    }
  }

  /// Off the loop, where it would hold up the calls of some ten milliseconds. The thread ends with its work.
  private static func loadLibrary() {
    guard let thread = try? BlockingThread(name: "curl") else { return }
    thread.submit {
      HTTPClient.loadLibrary()
      withExtendedLifetime(thread) {}
    }
  }

  /// What tells this daemon from others of the same name.
  private static var instance: [SpanAttribute] {
    var system = utsname()
    let name =
      uname(&system) == 0
      ? withUnsafeBytes(of: &system.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) } : ""
    return [
      SpanAttribute("service.version", WarmplaneVersion.current), SpanAttribute("host.name", name),
      SpanAttribute("process.pid", Int(getpid())), SpanAttribute("telemetry.sdk.name", "warmplane"),
      SpanAttribute("telemetry.sdk.language", "swift"),
      SpanAttribute("telemetry.sdk.version", WarmplaneVersion.current),
    ]
  }
}
