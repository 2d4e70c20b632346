import Protocol
import StdioServer

extension FakeServer {
  /// What lists and resources say about caching: nothing here may be kept.
  static let noCache = MCPConnection.CacheHint(ttlMs: 0, scope: "private")

  // MARK: Tools

  func listTools(_ request: MCPRequest) throws(MCPFailure) {
    let page = try page(at: request.params?.member("cursor"))
    let lengthened = !listedTools && options.longDescription > 0
    listedTools = true
    connection.answer(request, cache: Self.noCache) { result in
      result.key("tools")
      result.beginArray()
      for (index, tool) in tools(onPage: page).enumerated() {
        result.beginObject()
        result.member("name", tool.name)
        let isLong = lengthened && index == 0
        result.member("description", isLong ? String(repeating: "d", count: options.longDescription) : tool.description)
        result.key("inputSchema")
        result.splice(text: #"{"type":"object"}"#)
        result.endObject()
      }
      result.endArray()
      if let cursor = cursor(after: page) { result.member("nextCursor", cursor) }
    }
  }

  private var pageCount: Int { options.hasEmptyCursor ? max(2, options.pages) : options.pages }

  private func tools(onPage page: Int) -> [(name: String, description: String)] {
    if page > 1 { return (0..<options.perPage).map { ("page\(page)_\($0 + 1)", "A tool that does what echo does.") } }
    let own = FakeTool.allCases.map { (name: $0.rawValue, description: $0.description) }
    return own + (options.extraTools + addedTools).map { ($0, "A tool that does what echo does.") }
  }

  /// Whether a tool without behaviour of its own is listed on any page.
  func isPlainTool(_ name: String) -> Bool {
    // By bytes, as servers in other languages do.
    if (options.extraTools + addedTools).contains(where: { $0.utf8.elementsEqual(name.utf8) }) { return true }
    let parts = name.split(separator: "_")
    guard parts.count == 2, parts[0].hasPrefix("page"), let page = Int(parts[0].dropFirst(4)), let tool = Int(parts[1])
    else { return false }
    return page > 1 && page <= pageCount && tool > 0 && tool <= options.perPage
  }

  private func cursor(after page: Int) -> String? {
    if page >= pageCount { return options.hasCursorLoop ? Self.cursor(of: 1) : nil }
    return page == 1 && options.hasEmptyCursor ? "" : Self.cursor(of: page + 1)
  }

  private func page(at cursor: JSONSlice?) throws(MCPFailure) -> Int {
    guard let cursor else { return 1 }
    let text = cursor.string
    if text == "", options.hasEmptyCursor { return 2 }
    guard let page = (1...pageCount).first(where: { Self.cursor(of: $0) == text }) else {
      throw .invalidParams("Invalid cursor")
    }
    return page
  }

  private static func cursor(of page: Int) -> String { "at/\(page)" }

  // MARK: Resources

  func listResources(_ request: MCPRequest) {
    connection.answer(request, cache: Self.noCache) { result in
      result.key("resources")
      result.beginArray()
      for number in 0..<options.resources {
        result.beginObject()
        result.member("uri", Self.uri(number))
        result.member("name", "resource \(number + 1)")
        result.member("mimeType", "text/plain")
        result.endObject()
      }
      result.endArray()
    }
  }

  func listTemplates(_ request: MCPRequest) {
    connection.answer(request, cache: Self.noCache) { result in
      result.key("resourceTemplates")
      result.beginArray()
      for template in options.templates {
        result.beginObject()
        result.member("uriTemplate", template)
        result.member("name", "template")
        result.endObject()
      }
      result.endArray()
    }
  }

  func readResource(_ request: MCPRequest) throws(MCPFailure) {
    let uri = try request.parameter("uri")
    let isTemplated = options.templates.contains { uri.hasPrefix($0.prefix { $0 != "{" }) }
    guard isTemplated || (0..<options.resources).contains(where: { Self.uri($0) == uri }) else {
      throw .resourceNotFound(uri, isModern: request.isModern)
    }
    connection.answer(request, cache: Self.noCache) { result in
      result.key("contents")
      result.beginArray()
      result.beginObject()
      result.member("uri", uri)
      result.member("mimeType", "text/plain")
      result.member("text", "the text of \(uri)")
      result.endObject()
      result.endArray()
    }
  }

  private static func uri(_ number: Int) -> String { "fake://resource/\(number + 1)" }

  // MARK: Prompts

  func listPrompts(_ request: MCPRequest) {
    connection.answer(request, cache: Self.noCache) { result in
      result.key("prompts")
      result.beginArray()
      for number in 0..<options.prompts {
        result.beginObject()
        result.member("name", Self.prompt(number))
        result.key("arguments")
        result.splice(text: #"[{"name":"topic","required":true}]"#)
        result.endObject()
      }
      result.endArray()
    }
  }

  func getPrompt(_ request: MCPRequest) throws(MCPFailure) {
    let name = try request.parameter("name")
    guard (0..<options.prompts).contains(where: { Self.prompt($0) == name }) else {
      throw .invalidParams("Unknown prompt: \(name)")
    }
    guard let topic = request.arguments.json?.member("topic")?.string else {
      throw .invalidParams("The prompt needs the argument \"topic\"")
    }
    connection.answer(request) { result in
      result.key("messages")
      result.beginArray()
      result.beginObject()
      result.member("role", "user")
      result.key("content")
      result.beginObject()
      result.member("type", "text")
      result.member("text", "Write about \(topic).")
      result.endObject()
      result.endObject()
      result.endArray()
    }
  }

  private static func prompt(_ number: Int) -> String { "prompt_\(number + 1)" }
}
