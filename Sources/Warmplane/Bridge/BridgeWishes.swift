import Protocol

/// What a legacy client says once and every daemon must know: its log level and its subscriptions. Pure.
struct BridgeWishes {
  /// As many and as long as daemons take them.
  static let mostResources = Interests.mostResources
  static let longestURI = Interests.longestURI
  private static let prefix = "warmplane-restated-"

  /// What one request of the client changes.
  enum Wish {
    case level(String)
    case subscribe(String)
    case unsubscribe(String)

    init?(_ method: String, _ params: JSONSlice?) {
      switch method {
      case "logging/setLevel":
        guard let level = params?.member("level")?.string, level.utf8.count <= 64 else { return nil }
        self = .level(level)
      case "resources/subscribe", "resources/unsubscribe":
        guard let uri = params?.member("uri")?.string, uri.utf8.count <= longestURI else { return nil }
        self = method == "resources/subscribe" ? .subscribe(uri) : .unsubscribe(uri)
      default: return nil
      }
    }
  }

  private var level: String?
  private var resources: [String] = []
  private var known: Set<String> = []
  /// Requests of ours without an answer.
  private var restated: Set<RequestID> = []
  private var lastNumber = 0

  /// A daemon has done what the request asks.
  mutating func note(_ wish: Wish) {
    switch wish {
    case .level(let level): self.level = level
    case .subscribe(let uri):
      if known.count < Self.mostResources, known.insert(uri).inserted { resources.append(uri) }
    case .unsubscribe(let uri): if known.remove(uri) != nil { resources.removeAll { $0 == uri } }
    }
  }

  /// What a new daemon is told, as requests of ours: the client gets no answers to them. It tells of what may have changed
  /// since.
  mutating func restate() -> [[UInt8]] {
    restated = []
    var lines: [[UInt8]] = []
    func add(_ method: String, _ member: String, _ value: String) {
      lastNumber += 1
      let id = RequestID.string("\(Self.prefix)\(lastNumber)")
      restated.insert(id)
      lines.append(
        JSONRPCWriter.request(id: id, method: method) { writer in
          writer.beginObject()
          writer.member(member, value)
          writer.endObject()
        })
    }
    if let level { add("logging/setLevel", "level", level) }
    for uri in resources {
      lines.append(BridgeLedger.reask(.string("\(Self.prefix)\(lastNumber + 1)"), nil))
      add("resources/subscribe", "uri", uri)
    }
    return lines
  }

  /// Whether it answers a request of ours.
  mutating func take(_ id: RequestID) -> Bool { restated.remove(id) != nil }

  mutating func lost() { restated = [] }
}
