/// Timings and limits of the daemon itself.
package struct DaemonSettings: Sendable, Equatable {
  /// A daemon that was started on demand ends after this time without a client; 0 = never.
  package var idleExitSeconds = 1800
  /// How long a worker keeps its upstream while no supervisor is connected.
  package var workerOrphanSeconds = 300
  /// An upstream that was idle for this long is probed; 0 = off.
  package var probeSeconds = 30
  /// Spawn, handshake and first listing together take at most this, or `toolTimeoutMs` if that is longer.
  package var startSeconds = 60
  /// How long a stdio upstream may stay silent on the `server/discover` probe before it is started again with
  /// `initialize` first.
  package var discoverMs = 10_000
  /// How many servers may be starting at the same time, per processor core.
  package var startsPerCore = 2
  /// How long each step of a teardown waits before the next, harsher one.
  package var stopGraceMs = 2_000

  package init() {}
}
