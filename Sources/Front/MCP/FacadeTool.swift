import Protocol

/// The seven tools that stand for everything the servers have (contract §5.2), in the order of `tools/list`.
enum FacadeTool: String, Sendable, CaseIterable {
  case capabilitiesList = "capabilities_list"
  case capabilityDescribe = "capability_describe"
  case capabilityCall = "capability_call"
  case resourcesList = "resources_list"
  case resourceRead = "resource_read"
  case promptsList = "prompts_list"
  case promptGet = "prompt_get"

  var title: String {
    switch self {
    case .capabilitiesList: "List capabilities"
    case .capabilityDescribe: "Describe a capability"
    case .capabilityCall: "Call a capability"
    case .resourcesList: "List resources"
    case .resourceRead: "Read a resource"
    case .promptsList: "List prompts"
    case .promptGet: "Get a prompt"
    }
  }

  /// `isOneServer`: there is no other to choose from.
  func description(isOneServer: Bool = false) -> String {
    let (owner, server) = isOneServer ? ("the server", "") : ("all servers", "server, ")
    return switch self {
    case .capabilitiesList:
      "List the tools of \(owner): id, summary, server. Start here; narrow down with \(server)query or limit. "
        + "Also tells how \(isOneServer ? "the" : "each") server is."
    case .capabilityDescribe:
      "Show one capability's full description and input schema. Only needed when its arguments are not known."
    case .capabilityCall:
      "Call a capability by id with an args object. Call directly when id and arguments are known. "
        + "The result is an envelope {ok, request_id, trace_id, data, error}; data is the tool's own result."
    case .resourcesList: "List the resources of \(owner): id, uri, name, description."
    case .resourceRead: "Read a resource by the id of resources_list."
    case .promptsList: "List the prompts of \(owner): id, description, arguments."
    case .promptGet: "Get a prompt by the id of prompts_list, with its arguments."
    }
  }

  /// JSON Schema of the arguments. An argument more is ignored, not refused.
  /// `isOneServer`: there is no other to choose from.
  func inputSchema(isOneServer: Bool) -> JSONSlice {
    switch self {
    case .capabilitiesList:
      Self.schema(
        (isOneServer ? "" : #""server":{"type":"string","description":"Only this server"},"#)
          + #""query":{"type":"string","description":"Only where id, server, tool or summary contain this text"},"#
          + #""limit":{"type":"integer","minimum":1,"maximum":100,"description":"At most so many"}"#)
    case .capabilityDescribe:
      Self.schema(#""id":{"type":"string","description":"An id of capabilities_list"}"#, required: "id")
    case .capabilityCall:
      Self.schema(
        #""capability_id":{"type":"string","description":"An id of capabilities_list"},"#
          + #""args":{"type":"object","description":"The arguments of the capability"},"#
          + #""request_id":{"type":"string","description":"Comes back in the envelope"}"#,
        required: "capability_id", "args")
    case .resourcesList, .promptsList: Self.schema("")
    case .resourceRead:
      Self.schema(
        #""resource_id":{"type":"string","description":"An id of resources_list"},"#
          + #""request_id":{"type":"string","description":"Comes back in the envelope"}"#,
        required: "resource_id")
    case .promptGet:
      Self.schema(
        #""prompt_id":{"type":"string","description":"An id of prompts_list"},"#
          + #""arguments":{"type":"object","description":"The arguments of the prompt"},"#
          + #""request_id":{"type":"string","description":"Comes back in the envelope"}"#,
        required: "prompt_id")
    }
  }

  /// Whether it changes nothing. A capability may do anything; reading and getting are the upstream's promise.
  private var isReadOnly: Bool { self != .capabilityCall }

  /// Whether it reaches beyond this daemon.
  private var isOpenWorld: Bool {
    switch self {
    case .capabilityCall, .resourceRead, .promptGet: true
    case .capabilitiesList, .capabilityDescribe, .resourcesList, .promptsList: false
    }
  }

  private static func schema(_ properties: String, required: String...) -> JSONSlice {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("type", "object")
    writer.member("properties", JSONSlice.trusted("{\(properties)}"))
    if !required.isEmpty { writer.member("required", required) }
    writer.member("additionalProperties", false)
    writer.endObject()
    return JSONSlice(assembled: writer)
  }

  /// The array of `tools/list`, with what the revision knows.
  static func list(at revision: ProtocolRevision, isOneServer: Bool = false) -> JSONSlice {
    guard let list = (isOneServer ? listsOfOne : lists)[revision] else {
      fatalError("no tool list for \(revision.rawValue)")
    }
    return list
  }

  private static let lists = makeLists(isOneServer: false)
  private static let listsOfOne = makeLists(isOneServer: true)

  private static func makeLists(isOneServer: Bool) -> [ProtocolRevision: JSONSlice] {
    Dictionary(uniqueKeysWithValues: ProtocolRevision.allCases.map { ($0, makeList(at: $0, isOneServer)) })
  }

  private static func makeList(at revision: ProtocolRevision, _ isOneServer: Bool) -> JSONSlice {
    var writer = JSONWriter(reserving: 4096)
    writer.beginArray()
    for tool in allCases { tool.write(at: revision, isOneServer, to: &writer) }
    writer.endArray()
    return JSONSlice(assembled: writer)
  }

  private func write(at revision: ProtocolRevision, _ isOneServer: Bool, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("name", rawValue)
    if revision >= .june2025 { writer.member("title", title) }
    writer.member("description", description(isOneServer: isOneServer))
    writer.member("inputSchema", inputSchema(isOneServer: isOneServer))
    if revision >= .march2025 {
      writer.key("annotations")
      writer.beginObject()
      writer.member("title", title)
      writer.member("readOnlyHint", isReadOnly)
      if !isReadOnly {
        writer.member("destructiveHint", true)
        writer.member("idempotentHint", false)
      }
      writer.member("openWorldHint", isOpenWorld)
      writer.endObject()
    }
    writer.endObject()
  }
}
