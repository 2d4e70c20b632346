/// The methods of the connection between the supervisor and a worker, frame version 1.
///
/// Requests of the supervisor are answered by JSON-RPC responses. A call is a request whose id is its `OperationID`;
/// its response is kept by the worker until it is acknowledged and is sent again after each `worker/hello`.
package enum WorkerMethod {
  /// Frame versions that this build speaks, newest first. A worker that shares none is drained and replaced.
  package static let frameVersions = [1]

  // MARK: Requests of the supervisor

  /// First on each connection; answered by a `WorkerSnapshot`. Replaces an earlier connection.
  package static let hello = "worker/hello"
  /// Starts the upstream as an `UpstreamLaunch` says; answered by an `UpstreamSession` or an error.
  package static let start = "upstream/start"
  /// The lists of the last complete listing.
  package static let readCatalog = "catalog/read"
  /// One operation of a client (`CallFrame`), answered by a `CallAnswer`.
  package static let call = "call"
  /// One liveness round trip on the upstream's real connection.
  package static let probe = "upstream/probe"
  /// What the upstream's process tree and the worker use.
  package static let figures = "worker/figures"
  /// Ends the upstream, its whole tree, and then the worker.
  package static let shutdown = "worker/shutdown"
  /// How long a worker that stops waits for a renewal of credentials whose request may be out, beside the grace of its
  /// upstream: with a rotating refresh token the loss of the answer would be a logout.
  package static let settlePatience = Duration.seconds(5)

  // MARK: Notifications of the supervisor

  /// Gives up one operation; overtakes queued calls.
  package static let cancel = "call/cancel"
  /// The supervisor has delivered these answers; the worker forgets them.
  package static let acknowledge = "call/acknowledge"
  /// What clients want to hear of the upstream (`Interests`), the whole of it. A worker keeps it until the next one.
  package static let interests = "upstream/interests"

  // MARK: Notifications of the worker

  /// The upstream gave its first answer: it is alive, others may start.
  package static let answered = "upstream/answered"
  /// The upstream ended after it had been ready.
  package static let ended = "upstream/ended"
  /// A listing is complete and differs from the one before.
  package static let catalogChanged = "catalog/changed"
  /// A progress notification of the upstream for one operation.
  package static let progress = "call/progress"
  /// A log message or a change of a resource (`UpstreamNotification`).
  package static let notification = "upstream/notification"
  /// Lines of the upstream's stderr, or of its stdout that were no messages.
  package static let log = "upstream/log"
  /// Something about an upstream's credentials that an operator should know: `message`, `key` and `error`.
  package static let warning = "upstream/warning"
}
