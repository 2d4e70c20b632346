package import Protocol

/// One server as `status` and readiness rows show it (contract §1.7, §6.2).
package struct ServerStatus: Sendable {
  package let server: String
  /// The state's word.
  package let state: String
  package let code: ReadinessCode
  package let message: String
  package let workerPID: Int32?
  package let upstreamPID: Int32?
  /// `stdio` or `http`.
  package let transport: String
  package let protocolVersion: String?
  package let uptimeMilliseconds: Int?
  package let restarts: Int
  package let inFlight: Int
  package let calls: Int
  package let errors: Int
  package let p50Milliseconds: Double?
  package let p95Milliseconds: Double?
  /// PSS of the upstream's process tree; nil when it could not be read in time.
  package var memoryBytes: Int?
  package var workerMemoryBytes: Int?
}

/// A readiness row.
package struct Readiness: Sendable {
  package let server: String
  package let code: ReadinessCode
  package let message: String
}
