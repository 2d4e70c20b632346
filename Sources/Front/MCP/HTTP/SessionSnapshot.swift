import Configuration
import Protocol

/// What a daemon must know of a session that an earlier one opened.
struct SessionSnapshot {
  let revision: ProtocolRevision
  let scope: ScopeName
  let exposure: Exposure?
  /// The exposure that was chosen for the client; equal to `exposure` unless that left it open.
  let shown: Exposure
  /// The server that direct exposure is of.
  let direct: String?
  let isOwnPort: Bool
  let name: String?
  let version: String?
  let logLevel: MessageLevel?
  /// How long nobody has used it.
  let unusedQuarters: Int
  /// Of the daemons that had it, the newest last.
  let daemons: [UInt32]

  private static let mostDaemons = 8

  /// Nil before the handshake.
  init?(_ channel: HTTPSessionChannel) {
    guard let revision = channel.revision else { return nil }
    self.revision = revision
    scope = channel.scope
    exposure = channel.exposure
    shown = channel.session.view.exposure
    direct = channel.session.view.key.server
    isOwnPort = channel.endpoint.isOwnPort
    name = channel.name
    version = channel.version
    logLevel = channel.session.logLevel
    unusedQuarters = channel.unusedQuarters
    daemons = channel.daemons.suffix(Self.mostDaemons)
  }

  var json: [UInt8] {
    var writer = JSONWriter(reserving: 256)
    writer.beginObject()
    writer.member("revision", revision.rawValue)
    switch scope {
    case .everything: break
    case .server(let id): writer.member("server", id)
    case .profile(let name): writer.member("profile", name)
    }
    if let exposure { writer.member("exposure", exposure.rawValue) }
    writer.member("shown", shown.rawValue)
    if let direct { writer.member("direct", direct) }
    writer.member("ownPort", isOwnPort)
    if let name { writer.member("name", name) }
    if let version { writer.member("version", version) }
    if let logLevel { writer.member("logLevel", logLevel.rawValue) }
    if unusedQuarters > 0 { writer.member("unusedQuarters", unusedQuarters) }
    writer.key("daemons")
    writer.beginArray()
    for daemon in daemons { writer.value(Int(daemon)) }
    writer.endArray()
    writer.endObject()
    return writer.finish()
  }

  /// Reads what `json` wrote; nil when it is something else.
  init?(_ content: [UInt8]) {
    guard let slice = try? JSONSlice(validating: content),
      let revision = slice.member("revision")?.string.flatMap({ ProtocolRevision(rawValue: $0) }),
      let isOwnPort = slice.member("ownPort")?.bool,
      let shown = slice.member("shown")?.string.flatMap({ Exposure(rawValue: $0) })
    else { return nil }
    self.revision = revision
    self.shown = shown
    direct = slice.member("direct")?.string
    self.isOwnPort = isOwnPort
    scope = ScopeName(slice)
    exposure = slice.member("exposure")?.string.flatMap { Exposure(rawValue: $0) }
    name = slice.member("name")?.string
    version = slice.member("version")?.string
    logLevel = slice.member("logLevel")?.string.flatMap { MessageLevel(rawValue: $0) }
    unusedQuarters = slice.member("unusedQuarters")?.int ?? 0
    daemons = slice.member("daemons")?.elements.compactMap { $0.int.flatMap { UInt32(exactly: $0) } } ?? []
  }
}

extension FrontRouter {
  /// Brings a session to where it was under the earlier daemon.
  func restore(_ channel: HTTPSessionChannel, _ state: SessionSnapshot, _ parts: [[UInt8]]) {
    channel.earlierDaemons = state.daemons
    channel.unusedQuarters = state.unusedQuarters
    channel.note(name: state.name, version: state.version, era: .legacy)
    channel.session.state = MCPSessionState(resuming: state.revision)
    channel.session.view = view(state.scope, state.shown, of: state.direct)
    channel.session.isReturning = true
    watchLists(of: channel.session)
    interests.restore(state.logLevel, parts.compactMap { KeptResource.read($0) }, of: channel.session)
    // They are kept already.
    _ = channel.session.watch.takeChanges()
  }
}
