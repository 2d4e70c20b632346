import Protocol

/// The header fields of an HTTP request that mean something to MCP.
struct MCPRequestFields: Sendable, Equatable {
  var accept: [String] = []
  var contentType = RequestHead.Occurrence.absent
  var session = RequestHead.Occurrence.absent
  var version = RequestHead.Occurrence.absent
  var method = RequestHead.Occurrence.absent
  var name = RequestHead.Occurrence.absent
  var lastEventID = RequestHead.Occurrence.absent
  /// Names without `Mcp-Param-`, as they came.
  var parameters: [ParameterHeader] = []

  private static let parameterPrefix = "mcp-param-"

  init() {}

  /// Reads those of a request that waits for its answer. Loop-confined.
  init(_ exchange: HTTPExchange) {
    accept = exchange.headers("accept")
    contentType = exchange.head.contentType
    for (name, value) in exchange.headers(beginningWith: "mcp-") { note(name, value) }
    for value in exchange.headers("last-event-id") { lastEventID.note(value) }
  }

  /// Takes note of a field whose name begins with `Mcp-`, in any case.
  mutating func note(_ name: String, _ value: String) {
    let name = name.lowercased()
    switch name {
    case "mcp-session-id": session.note(value)
    case "mcp-protocol-version": version.note(value)
    case "mcp-method": method.note(value)
    case "mcp-name": self.name.note(value)
    case _ where name.hasPrefix(Self.parameterPrefix):
      parameters.append(ParameterHeader(name: String(name.dropFirst(Self.parameterPrefix.count)), value: value))
    default: break
    }
  }

  /// The revision that the header names.
  var revision: ProtocolRevision? {
    if case .once(let text) = version { ProtocolRevision(rawValue: text) } else { nil }
  }

  /// Whether the header says that the request is one of a revision without sessions: what it names is not a revision
  /// with them (mcp-checklist §1.5, row 4).
  var isModern: Bool { version != .absent && revision?.era != .legacy }
}
