import Platform

/// Where a server is in its life. One value of this is the only truth for `status`, readiness, metrics and logs.
enum ServerState: Sendable, Equatable {
  /// Switched off in the configuration.
  case disabled
  /// Its entry cannot be started, or the server cannot be reached as it says; waits for a change of the configuration.
  case misconfigured
  /// Wants to start and waits for a start slot.
  case waiting
  /// A worker is being started, or its upstream.
  case starting
  /// Session open, lists read. `failedProbes` > 0 or incomplete lists: degraded.
  case up(failedProbes: Int)
  /// The last attempt or session ended; the next attempt comes by timer, or at once when somebody wants it.
  case backingOff
  /// It has no credentials, or useless ones; waits for others. Its worker, if it has one, stays.
  case needsAuth
  /// The worker is being ended in order to start another one.
  case replacing
  /// The daemon ends.
  case stopping
  case stopped
}

/// What happens to a server.
enum ServerEvent: Sendable, Equatable {
  /// The daemon starts, or the entry was added.
  case boot
  case slotGranted
  /// The upstream gave its first answer, or has had its time in the slot.
  case slotNeedless
  /// A worker of an earlier daemon was found with an open session; its lists are being read.
  case adopted
  /// The session is open and the lists are read.
  case started
  /// The attempt failed.
  case startFailed(ServerFailure)
  /// The session ended: the upstream's process or connection did.
  case upstreamEnded(ServerFailure)
  /// The worker process is gone, or its connection. The text says what happened, to be put behind the server's name.
  case workerLost(String)
  /// A call needs it now.
  case wanted
  /// An operator wants a fresh start.
  case restartRequested
  case retryDue
  /// What the credential store has for this server is not what it was, or the store can be read again.
  case credentialsChanged
  /// It has been up for the stable period.
  case stable
  case probeSucceeded
  case probeFailed
  case stop
  /// Its worker and everything below is dead.
  case workerGone
}

/// What the supervisor does about it.
enum ServerAction: Sendable, Equatable {
  case requestSlot
  case releaseSlot
  /// Start a worker if there is none, and its upstream.
  case start
  /// End the worker, cleanly; `workerGone` follows.
  case endWorker
  case scheduleRetry(Duration)
  case cancelRetry
  case scheduleStability
  case cancelStability
  /// Operations that wait for this server can be sent.
  case releaseWaiters
  /// Operations that wait for this server fail with its readiness code.
  case failWaiters
  case reportReady
  case reportSkipped
  case reportEnded
  case reportRestarting(attempt: Int, delay: Duration)
}
