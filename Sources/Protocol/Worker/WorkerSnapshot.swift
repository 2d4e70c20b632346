/// What a worker says of itself when a supervisor connects: enough to go on where another supervisor stopped.
package struct WorkerSnapshot: Sendable {
  package let frameVersion: Int
  package let pid: Int32
  /// When the worker began to serve: nanoseconds of the machine's monotonic clock. What a client asked later and this
  /// worker does not know, no worker of the server ever got: there is never more than one.
  package let startedAt: Int64
  /// Version of the worker's program.
  package let version: String
  /// The entry it works for; empty strings before the first `upstream/start`.
  package let server: String
  package let fingerprint: String
  package let mark: String
  /// The session, when there is one.
  package let session: UpstreamSession?
  /// A start is under way.
  package let isStarting: Bool
  /// Operations that the upstream has not answered.
  package let inFlight: [InFlightOperation]
  /// Operations whose answers follow this snapshot, because nobody acknowledged them.
  package let unacknowledged: [OperationID]
  /// What the last supervisor wanted to hear of the upstream.
  package let interests: Interests
  /// Questions whose answers were acknowledged; nil: it does not remember them.
  package let forgotten: ForgottenQuestions?

  package init(
    frameVersion: Int, pid: Int32, startedAt: Int64, version: String, server: String, fingerprint: String, mark: String,
    session: UpstreamSession?, isStarting: Bool, inFlight: [InFlightOperation], unacknowledged: [OperationID],
    interests: Interests = .none, forgotten: ForgottenQuestions? = nil
  ) {
    self.frameVersion = frameVersion
    self.pid = pid
    self.startedAt = startedAt
    self.version = version
    self.server = server
    self.fingerprint = fingerprint
    self.mark = mark
    self.session = session
    self.isStarting = isStarting
    self.inFlight = inFlight
    self.unacknowledged = unacknowledged
    self.interests = interests
    self.forgotten = forgotten
  }

  package func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("frameVersion", frameVersion)
    writer.member("pid", Int(pid))
    writer.member("startedAt", startedAt)
    writer.member("version", version)
    writer.member("server", server)
    writer.member("fingerprint", fingerprint)
    writer.member("mark", mark)
    if let session {
      writer.key("session")
      session.write(to: &writer)
    }
    writer.member("starting", isStarting)
    writer.key("inFlight")
    writer.beginArray()
    for operation in inFlight { operation.write(to: &writer) }
    writer.endArray()
    writer.member("unacknowledged", operations: unacknowledged)
    if interests != .none {
      writer.key("interests")
      interests.write(to: &writer)
    }
    if let forgotten {
      writer.key("forgotten")
      forgotten.write(to: &writer)
    }
    writer.endObject()
  }

  /// Reads what `write` wrote; nil when a required member is missing.
  package init?(_ slice: JSONSlice) {
    guard let frameVersion = slice.member("frameVersion")?.int, let pid = slice.member("pid")?.int,
      let startedAt = slice.member("startedAt")?.int, let version = slice.member("version")?.string
    else { return nil }
    self.init(
      frameVersion: frameVersion, pid: Int32(clamping: pid), startedAt: Int64(startedAt), version: version,
      server: slice.member("server")?.string ?? "", fingerprint: slice.member("fingerprint")?.string ?? "",
      mark: slice.member("mark")?.string ?? "", session: UpstreamSession(slice.member("session")),
      isStarting: slice.member("starting")?.bool ?? false,
      inFlight: slice.member("inFlight")?.elements.compactMap { InFlightOperation($0) } ?? [],
      unacknowledged: slice.member("unacknowledged")?.operations ?? [],
      interests: Interests(slice.member("interests")), forgotten: ForgottenQuestions(slice.member("forgotten")))
  }
}
