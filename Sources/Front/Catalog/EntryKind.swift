import Protocol

/// The three kinds of catalog entries, each with a namespace of its own.
enum EntryKind: String, Sendable, CaseIterable {
  case capability
  case resource
  case prompt

  /// The word in messages: "Capability".
  var word: String {
    switch self {
    case .capability: "Capability"
    case .resource: "Resource"
    case .prompt: "Prompt"
    }
  }

  /// How an operation on it is called in messages and log records: "Tool call".
  var operation: String {
    switch self {
    case .capability: "Tool call"
    case .resource: "Resource read"
    case .prompt: "Prompt get"
    }
  }

  /// The MCP method that carries it out.
  var method: String {
    switch self {
    case .capability: "tools/call"
    case .resource: "resources/read"
    case .prompt: "prompts/get"
    }
  }

  /// The code of an unknown id (contract §3.3).
  var unknownCode: ErrorCode {
    switch self {
    case .capability: .toolNotFound
    case .resource: .resourceNotFound
    case .prompt: .promptNotFound
    }
  }

  /// The member of request bodies and log records that holds its id.
  var idMember: String {
    switch self {
    case .capability: "capability_id"
    case .resource: "resource_id"
    case .prompt: "prompt_id"
    }
  }

  /// The member of MCP's own lists.
  var mcpListMember: String { self == .capability ? "tools" : listMember }

  /// The member of list bodies.
  var listMember: String {
    switch self {
    case .capability: "capabilities"
    case .resource: "resources"
    case .prompt: "prompts"
    }
  }
}
