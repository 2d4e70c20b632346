import Protocol
import Supervisor

/// The body of `status --json` (contract §1.7).
enum StatusDocument {
  /// `daemon` writes the daemon's object.
  static func body(daemon: (inout JSONWriter) -> Void, rows: [ServerStatus]) -> [UInt8] {
    var writer = JSONWriter(reserving: 512 + 512 * rows.count)
    writer.beginObject()
    writer.member("ok", true)
    writer.key("daemon")
    daemon(&writer)
    writer.key("workers")
    writer.beginArray()
    for row in rows { write(row, to: &writer) }
    writer.endArray()
    writer.endObject()
    return writer.bytes
  }

  /// An IP address as the host of a URL (RFC 3986 §3.2.2).
  static func host(_ address: String) -> String { address.contains(":") ? "[\(address)]" : address }

  private static func write(_ row: ServerStatus, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("server", row.server)
    writer.member("state", row.state)
    writer.member("code", row.code.rawValue)
    writer.member("worker_pid", row.workerPID.map { Int($0) })
    writer.member("upstream_pid", row.upstreamPID.map { Int($0) })
    writer.member("transport", row.transport)
    writer.member("protocol_version", row.protocolVersion)
    writer.member("uptime_ms", row.uptimeMilliseconds)
    writer.member("restarts", row.restarts)
    writer.member("in_flight", row.inFlight)
    writer.member("calls", row.calls)
    writer.member("errors", row.errors)
    writer.member("p50_ms", row.p50Milliseconds)
    writer.member("p95_ms", row.p95Milliseconds)
    writer.member("memory_bytes", row.memoryBytes)
    writer.member("worker_memory_bytes", row.workerMemoryBytes)
    // Additive: the sentence of the readiness row, so that a table can say why.
    writer.member("message", row.message)
    writer.endObject()
  }
}
