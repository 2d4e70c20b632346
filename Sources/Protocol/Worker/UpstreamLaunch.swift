/// Everything a worker needs to start its upstream. It may hold secrets (environment, header values, client secrets): it
/// travels in a frame only, never in argv and never in a file.
package struct UpstreamLaunch: Sendable {
  /// How the upstream is reached.
  package enum Transport: Sendable, Equatable {
    case stdio(StdioLaunch)
    case http(HTTPLaunch)
  }

  /// The server id of the configuration.
  package let server: String
  /// Hash of the configuration entry this was made from.
  package let fingerprint: String
  /// Random value of `WARMPLANE_UPSTREAM`: finds what is left of the upstream's processes.
  package let mark: String
  package let transport: Transport
  /// Spawn or connect, handshake and first listing together, milliseconds.
  package let startTimeoutMilliseconds: Int
  /// How long the upstream may stay silent on the `server/discover` probe, milliseconds.
  package let discoverTimeoutMilliseconds: Int
  /// Each step of the teardown ladder (close stdin, SIGTERM, SIGKILL), milliseconds.
  package let graceMilliseconds: Int
  /// How long the worker keeps the upstream without a supervisor, seconds.
  package let orphanSeconds: Int
  /// What an earlier start of the same entry found out; nil: probe.
  package let era: ProtocolRevision.Era?

  package init(
    server: String, fingerprint: String, mark: String, transport: Transport, startTimeoutMilliseconds: Int,
    discoverTimeoutMilliseconds: Int, graceMilliseconds: Int, orphanSeconds: Int, era: ProtocolRevision.Era?
  ) {
    self.server = server
    self.fingerprint = fingerprint
    self.mark = mark
    self.transport = transport
    self.startTimeoutMilliseconds = startTimeoutMilliseconds
    self.discoverTimeoutMilliseconds = discoverTimeoutMilliseconds
    self.graceMilliseconds = graceMilliseconds
    self.orphanSeconds = orphanSeconds
    self.era = era
  }

  /// Whether `other` asks for the very upstream that this one started: the same entry under the same mark.
  package func isSameStart(as other: UpstreamLaunch) -> Bool {
    server == other.server && fingerprint == other.fingerprint && mark == other.mark
  }

  package func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("server", server)
    writer.member("fingerprint", fingerprint)
    writer.member("mark", mark)
    switch transport {
    case .stdio(let stdio): stdio.writeMembers(to: &writer)
    case .http(let http):
      writer.key("http")
      http.write(to: &writer)
    }
    writer.member("startTimeoutMs", startTimeoutMilliseconds)
    writer.member("discoverTimeoutMs", discoverTimeoutMilliseconds)
    writer.member("graceMs", graceMilliseconds)
    writer.member("orphanSeconds", orphanSeconds)
    if let era { writer.member("era", era.rawValue) }
    writer.endObject()
  }

  /// Reads what `write` wrote; nil when a required member is missing.
  package init?(_ params: JSONSlice) {
    guard let server = params.member("server")?.string, let fingerprint = params.member("fingerprint")?.string,
      let mark = params.member("mark")?.string, let startTimeout = params.member("startTimeoutMs")?.int,
      let discoverTimeout = params.member("discoverTimeoutMs")?.int, let grace = params.member("graceMs")?.int,
      let orphanSeconds = params.member("orphanSeconds")?.int
    else { return nil }
    let transport: Transport
    if let http = params.member("http") {
      guard let launch = HTTPLaunch(http) else { return nil }
      transport = .http(launch)
    } else {
      guard let launch = StdioLaunch(params) else { return nil }
      transport = .stdio(launch)
    }
    self.init(
      server: server, fingerprint: fingerprint, mark: mark, transport: transport,
      startTimeoutMilliseconds: startTimeout, discoverTimeoutMilliseconds: discoverTimeout, graceMilliseconds: grace,
      orphanSeconds: orphanSeconds,
      era: params.member("era")?.string.flatMap { ProtocolRevision.Era(rawValue: $0) })
  }
}

extension JSONWriter {
  /// A member whose value is an array of strings.
  package mutating func member(_ name: String, strings: [String]) {
    key(name)
    beginArray()
    for string in strings { value(string) }
    endArray()
  }
}

extension JSONSlice {
  /// The strings of an array; other elements are left out.
  package var strings: [String] { elements.compactMap(\.string) }
}
