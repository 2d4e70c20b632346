import Protocol

/// The methods that clients may ask of our MCP face.
enum MCPMethod: String, Sendable, CaseIterable {
  case initialize
  case ping
  case discover = "server/discover"
  case toolsList = "tools/list"
  case toolsCall = "tools/call"
  case resourcesList = "resources/list"
  case resourcesRead = "resources/read"
  case templatesList = "resources/templates/list"
  case promptsList = "prompts/list"
  case promptsGet = "prompts/get"
  case listen = "subscriptions/listen"
  case setLevel = "logging/setLevel"
  case subscribe = "resources/subscribe"
  case unsubscribe = "resources/unsubscribe"
  case complete = "completion/complete"

  /// Whether the era has the method at all; where it has not, the answer is "method not found".
  func exists(in era: ProtocolRevision.Era) -> Bool {
    switch self {
    case .initialize, .ping, .setLevel, .subscribe, .unsubscribe: era == .legacy
    case .discover, .listen: era == .modern
    case .toolsList, .toolsCall, .resourcesList, .resourcesRead, .templatesList, .promptsList, .promptsGet, .complete:
      true
    }
  }
}
