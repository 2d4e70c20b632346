import Protocol
import StdioServer

extension FakeServer {
  var capabilities: [String] {
    var names: [String] = ["tools"]
    if options.resources > 0 || !options.templates.isEmpty { names.append("resources") }
    if options.prompts > 0 { names.append("prompts") }
    if options.takesLevels { names.append("logging") }
    if options.completes { names.append("completions") }
    return names.filter { !options.withoutCapabilities.contains($0) }
  }

  /// What `server/discover` and errors about versions list, newest first.
  var supportedVersions: [String] {
    switch options.era {
    case .legacy: legacyVersions
    case .modern: [MCPVersion.modern]
    case .dual: [MCPVersion.modern] + legacyVersions
    }
  }

  private var legacyVersions: [String] {
    options.version.map { [$0] } ?? MCPVersion.legacy
  }

  func initialize(_ request: MCPRequest) throws(MCPFailure) {
    guard !isInitialized else { throw .rpc(code: -32600, message: "initialize was answered before") }
    let requested = try request.parameter("protocolVersion")
    switch options.onInitialize {
    case .silent: break
    case .exit: end(1)
    case .answer: answerInitialize(request, requested)
    case .late(let delay):
      sleeping[request.id] = loop.after(milliseconds: delay) { [self] in
        sleeping[request.id] = nil
        answerInitialize(request, requested)
      }
    case .error:
      guard let version = options.version else { throw .rpc(code: -32603, message: "initialize fails as told") }
      if requested == version { return answerInitialize(request, requested) }
      let data = MCPFailure.versions(requested: requested, supported: [version])
      throw .rpc(code: -32602, message: "Unsupported protocol version", data: data)
    }
  }

  private func answerInitialize(_ request: MCPRequest, _ requested: String) {
    isInitialized = true
    connection.answer(request) { result in
      result.member("protocolVersion", options.version ?? MCPVersion.negotiated(requested))
      writeCapabilities(into: &result)
      connection.serverInfo(into: &result, key: "serverInfo")
    }
  }

  func discover(_ request: MCPRequest) {
    connection.answer(request, cache: Self.noCache) { result in
      result.member("supportedVersions", supportedVersions)
      writeCapabilities(into: &result)
    }
  }

  private func writeCapabilities(into result: inout JSONWriter) {
    result.key("capabilities")
    result.beginObject()
    for name in capabilities {
      result.key(name)
      result.beginObject()
      if name == "tools" { result.member("listChanged", true) }
      if name == "resources", options.takesSubscriptions { result.member("subscribe", true) }
      result.endObject()
    }
    result.endObject()
  }

  // MARK: Changes

  /// Opens a stream of changes. Of all that can be asked for, changes of the tools and, if announced, those of resources
  /// are honoured.
  func listen(_ request: MCPRequest) {
    let wanted = request.params?.member("notifications")?.member("toolsListChanged")?.bool == true
    let honoured = wanted && capabilities.contains("tools")
    if honoured { toolSubscriptions.append(request.id) }
    let uris = request.params?.member("notifications")?.member("resourceSubscriptions")?.strings ?? []
    let resources = options.takesSubscriptions && capabilities.contains("resources") ? uris : []
    if !resources.isEmpty { resourceListens[request.id] = resources }
    connection.notify("notifications/subscriptions/acknowledged") { params in
      writeSubscription(request.id, into: &params)
      params.key("notifications")
      params.beginObject()
      if honoured { params.member("toolsListChanged", true) }
      if !resources.isEmpty { params.member("resourceSubscriptions", strings: resources) }
      params.endObject()
    }
  }

  /// Tells the client that the tools are others now: unasked in the legacy era, on each open stream in the modern one.
  func announceTools() {
    if isInitialized { connection.notify("notifications/tools/list_changed") }
    for id in toolSubscriptions {
      connection.notify("notifications/tools/list_changed") { writeSubscription(id, into: &$0) }
    }
  }

  func writeSubscription(_ id: RequestID, into params: inout JSONWriter) {
    params.key("_meta")
    params.beginObject()
    params.member("io.modelcontextprotocol/subscriptionId", id)
    params.endObject()
  }
}
