/// Everything a worker needs to start its upstream. It may hold secrets (`environment`): it travels in a frame only,
/// never in argv and never in a file.
package struct UpstreamLaunch: Sendable {
  /// The server id of the configuration.
  package let server: String
  /// Hash of the configuration entry this was made from.
  package let fingerprint: String
  /// Random value of `WARMPLANE_UPSTREAM`: finds what is left of the upstream's processes.
  package let mark: String
  package let command: String
  package let arguments: [String]
  /// The upstream's whole environment, as `NAME=value`.
  package let environment: [String]
  /// Working directory of the upstream.
  package let directory: String
  /// Spawn, handshake and first listing together, milliseconds.
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
    server: String, fingerprint: String, mark: String, command: String, arguments: [String], environment: [String],
    directory: String, startTimeoutMilliseconds: Int, discoverTimeoutMilliseconds: Int, graceMilliseconds: Int,
    orphanSeconds: Int, era: ProtocolRevision.Era?
  ) {
    self.server = server
    self.fingerprint = fingerprint
    self.mark = mark
    self.command = command
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
    self.startTimeoutMilliseconds = startTimeoutMilliseconds
    self.discoverTimeoutMilliseconds = discoverTimeoutMilliseconds
    self.graceMilliseconds = graceMilliseconds
    self.orphanSeconds = orphanSeconds
    self.era = era
  }

  package func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("server", server)
    writer.member("fingerprint", fingerprint)
    writer.member("mark", mark)
    writer.member("command", command)
    writer.member("args", strings: arguments)
    writer.member("env", strings: environment)
    writer.member("cwd", directory)
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
      let mark = params.member("mark")?.string, let command = params.member("command")?.string,
      let directory = params.member("cwd")?.string, let startTimeout = params.member("startTimeoutMs")?.int,
      let discoverTimeout = params.member("discoverTimeoutMs")?.int, let grace = params.member("graceMs")?.int,
      let orphanSeconds = params.member("orphanSeconds")?.int
    else { return nil }
    self.init(
      server: server, fingerprint: fingerprint, mark: mark, command: command,
      arguments: params.member("args")?.strings ?? [], environment: params.member("env")?.strings ?? [],
      directory: directory, startTimeoutMilliseconds: startTimeout, discoverTimeoutMilliseconds: discoverTimeout,
      graceMilliseconds: grace, orphanSeconds: orphanSeconds,
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
