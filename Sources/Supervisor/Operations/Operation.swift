package import Platform
package import Protocol

/// One operation of a client, as the front hands it to the supervisor.
package struct Operation: Sendable {
  package let id: OperationID
  package let server: String
  /// The MCP method, for example `tools/call`.
  package let method: String
  /// The MCP parameters (an object); the client's part of them untouched.
  package let parameters: JSONSlice
  /// What the front needs to deliver the answer even after it was replaced; at most `CallFrame.longestBlob` bytes.
  package let blob: JSONSlice
  /// Covers everything from admission on, waiting included.
  package let deadline: MonotonicTime
  /// The whole time it was given, for messages; milliseconds.
  package let timeoutMilliseconds: Int
  package let traceparent: String?
  /// Whether the asker wants to hear of its progress.
  package let wantsProgress: Bool
  /// The least severe log messages about it that the asker wants; for a 2026-07-28 upstream.
  package let logLevel: MessageLevel?
  /// Names the question among those of all clients that can ask a later daemon for its answer; nil: nobody can.
  package let asker: String?

  package init(
    id: OperationID, server: String, method: String, parameters: JSONSlice, blob: JSONSlice,
    deadline: MonotonicTime, timeoutMilliseconds: Int, traceparent: String?,
    wantsProgress: Bool = false, logLevel: MessageLevel? = nil, asker: String? = nil
  ) {
    self.id = id
    self.server = server
    self.method = method
    self.parameters = parameters
    self.blob = blob
    self.deadline = deadline
    self.timeoutMilliseconds = timeoutMilliseconds
    self.traceparent = traceparent
    self.wantsProgress = wantsProgress
    self.logLevel = logLevel
    self.asker = asker
  }
}

/// How an operation ended, as the front learns it. Exactly once per operation.
package enum OperationEnd: Sendable {
  /// The worker decided.
  case answered(CallOutcome)
  /// Nothing was sent, because the server is not usable; `message` is its readiness message.
  case unavailable(ReadinessCode, message: String)
  /// The deadline passed while the server was still starting; nothing was sent.
  case expiredWhileStarting
  /// The worker process died with it, or does not answer: it may have run. The sentence names the server.
  case lost(String)
}

/// How waiting for a server ended.
package enum ServerWait: Sendable {
  /// Its session is open and its lists are read.
  case up
  case unavailable(ReadinessCode, message: String)
  case expired
}

/// What the supervisor tells the front. Called on the loop that both run on.
package protocol SupervisorDelegate: Actor {
  /// An operation ended; also one that an earlier daemon was asked for. `sentAt`: when it went to the worker; nil if it
  /// never did, or an earlier daemon sent it.
  func operationEnded(
    _ id: OperationID, server: String, blob: JSONSlice, _ end: OperationEnd, sentAt: MonotonicTime?
  ) -> Delivery
  /// A worker has an operation that an earlier daemon was asked for; `operationEnded` follows.
  func operationAdopted(_ id: OperationID, server: String, blob: JSONSlice)
  /// Everything that an earlier daemon left is known: no more `operationAdopted`.
  func workersIdentified()
  /// An operation goes on: parameters of the upstream's `notifications/progress`, with a token that means nothing here.
  /// Also for one that an earlier daemon was asked for; never after `operationEnded`.
  func operationProgressed(_ id: OperationID, _ params: JSONSlice)
  /// An upstream has logged something, or a resource of it has changed.
  func upstreamNotified(server: String, _ notification: UpstreamNotification)
  /// A `wait(for:)` ended.
  func serverWaitEnded(_ id: OperationID, _ result: ServerWait)
  /// A server's lists were read.
  func catalogChanged(server: String, _ catalog: ServerCatalog)
  /// A server's readiness may have changed.
  func readinessChanged(server: String)
}
