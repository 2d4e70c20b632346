import Protocol

@testable import UpstreamWorker

/// A handshake and what it did, in words.
struct HandshakeLog {
  var handshake: Handshake
  /// One entry per action, for example `discover #1` or `established 2026-07-28`.
  var actions: [String] = []
  /// The ids of requests in the order of sending.
  var ids: [Int] = []

  init(era: ProtocolRevision.Era? = nil) { handshake = Handshake(era: era, version: "9.9.9") }

  mutating func take(_ event: Handshake.Event) {
    for action in handshake.handle(event) { note(action) }
  }

  private mutating func note(_ action: Handshake.Action) {
    switch action {
    case .send(let line): noteMessage(line)
    case .startProbeTimer: actions.append("timer on")
    case .stopProbeTimer: actions.append("timer off")
    case .restart: actions.append("restart")
    case .established(let session): actions.append("established \(session.revision.rawValue)")
    case .failed(let detail): actions.append("failed: \(detail)")
    }
  }

  private mutating func noteMessage(_ line: [UInt8]) {
    guard let message = try? JSONRPCMessage(parsing: line) else { return actions.append("nonsense") }
    switch message.kind {
    case .request(.int(let id), let method):
      ids.append(Int(id))
      let proposal = message.params?.member("protocolVersion")?.string.map { " \($0)" } ?? ""
      actions.append("\(method == "server/discover" ? "discover" : method)\(proposal) #\(id)")
    case .notification(let method): actions.append(method)
    default: actions.append("nonsense")
    }
  }
}

extension Handshake.Event {
  static func result(_ id: Int, _ json: String) -> Self { .result(id: id, .trusted(json)) }

  static func error(_ id: Int, _ code: Int, _ data: String? = nil) -> Self {
    .error(id: id, code: code, message: "no", data: data.map { .trusted($0) })
  }

  /// An answer to `server/discover` that lists `versions`.
  static func discovered(_ id: Int, _ versions: String...) -> Self {
    let list = versions.map { "\"\($0)\"" }.joined(separator: ",")
    return .result(id, #"{"supportedVersions":[\#(list)],"capabilities":{}}"#)
  }

  /// An answer to `initialize`.
  static func initialized(_ id: Int, _ version: String) -> Self {
    .result(id, #"{"protocolVersion":"\#(version)","capabilities":{},"serverInfo":{"name":"x","version":"1"}}"#)
  }

  /// "Unsupported version", naming those that are.
  static func unsupported(_ id: Int, _ versions: String...) -> Self {
    let list = versions.map { "\"\($0)\"" }.joined(separator: ",")
    return .error(id, -32022, #"{"supported":[\#(list)],"requested":"x"}"#)
  }
}
