import Configuration
import Protocol

/// What we are to a client: its answer to `initialize` and `server/discover`.
struct MCPFace {
  /// What we say of ourselves (contract §5.1).
  static let introduction =
    "A deterministic facade over the tools, resources and prompts of many MCP servers: list capabilities, "
    + "describe one when its arguments are not known, and call it by its id."
  private static let fullIntroduction =
    "The tools, resources and prompts of several MCP servers; their names begin with the name of their server."
  /// Clients put instructions into each prompt, and some cut them at 2,048 bytes.
  static let longestInstructions = 2000
  static let longestExcerpt = 400

  let capabilities: JSONSlice
  /// The server's own `serverInfo`; nil: ours.
  var identity: JSONSlice?
  var instructions: String?
  /// The server's own `_meta`, for a client that is shown the server as it is.
  var meta: JSONSlice?
  /// How long it may be kept. It says what servers say, and those that are not there yet will say something, too.
  let freshness: MCPResult.Freshness

  /// `sessions`: what the servers of the view said of themselves, in the order of the configuration. `isWhole`: there is no
  /// other server in the view.
  init(
    _ view: MCPView, _ sessions: [(server: String, session: UpstreamSession)], isWhole: Bool,
    at revision: ProtocolRevision
  ) {
    freshness = view.directServer == nil && isWhole ? .list : .none
    if view.directServer != nil {
      capabilities = Self.direct(sessions.first?.session, at: revision)
      identity = sessions.first?.session.serverInfo
      instructions = sessions.first?.session.instructions
      meta = sessions.first?.session.meta
      return
    }
    capabilities = Self.own(toolsChange: view.exposure == .full, at: revision)
    let own = view.exposure == .full ? Self.fullIntroduction : Self.introduction
    instructions = Self.instructions(view.scope.profile?.instructions ?? own, sessions)
  }

  // MARK: Capabilities

  private static func own(toolsChange: Bool, at revision: ProtocolRevision) -> JSONSlice {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("tools")
    writer.beginObject()
    if toolsChange { writer.member("listChanged", true) }
    writer.endObject()
    for name in ["resources", "prompts"] {
      writer.key(name)
      writer.beginObject()
      if name == "resources" { writer.member("subscribe", true) }
      writer.member("listChanged", true)
      writer.endObject()
    }
    writeEmpty("logging", to: &writer)
    // The capability came with 2025-03-26.
    if revision >= .march2025 { writeEmpty("completions", to: &writer) }
    writer.endObject()
    return JSONSlice(assembled: writer)
  }

  /// What the server announces and we carry; everything that we carry while nobody knows it.
  private static func direct(_ session: UpstreamSession?, at revision: ProtocolRevision) -> JSONSlice {
    var writer = JSONWriter()
    writer.beginObject()
    let face = session.map { AnnouncedFace(session: $0) }
    for name in ["tools", "resources", "prompts"] {
      if let face {
        // As the server says it, whatever else it says beside.
        if let own = face.capability(name) { writer.member(name, own) }
        continue
      }
      writer.key(name)
      writer.beginObject()
      if name == "resources" { writer.member("subscribe", true) }
      writer.member("listChanged", true)
      writer.endObject()
    }
    if face?.hasLogging ?? true { writeEmpty("logging", to: &writer) }
    if face?.hasCompletions ?? true, revision >= .march2025 { writeEmpty("completions", to: &writer) }
    writer.endObject()
    return JSONSlice(assembled: writer)
  }

  private static func writeEmpty(_ name: String, to writer: inout JSONWriter) {
    writer.key(name)
    writer.beginObject()
    writer.endObject()
  }

  // MARK: Instructions

  /// Words of servers are quoted, never ours, and bounded: a model reads them all.
  static func instructions(
    _ own: String, _ sessions: [(server: String, session: UpstreamSession)]
  ) -> String {
    var text = own
    for (server, session) in sessions {
      let words = (session.instructions ?? "").prefix(8 * longestExcerpt).split(whereSeparator: \.isWhitespace)
      guard !words.isEmpty else { continue }
      let whole = words.joined(separator: " ")
      let excerpt = whole.count > longestExcerpt ? whole.prefix(longestExcerpt - 1) + "…" : whole[...]
      let line = "\n\nServer \"\(server)\" says: \(excerpt)"
      guard text.utf8.count + line.utf8.count <= longestInstructions else { break }
      text += line
    }
    return text
  }
}
