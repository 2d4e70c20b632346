import Protocol
import StdioServer

/// Log messages, subscriptions and completion.
extension FakeServer {
  /// A legacy request about what the client wants to hear. Returns whether it was one.
  func tellingRequest(_ request: MCPRequest) throws(MCPFailure) -> Bool {
    switch request.method {
    case "logging/setLevel" where options.takesLevels:
      guard let level = MessageLevel(rawValue: try request.parameter("level")) else {
        throw .invalidParams("no such level")
      }
      logLevel = level
    case "resources/subscribe" where options.takesSubscriptions:
      if options.refusesSubscriptions { throw .rpc(code: -32603, message: "no subscriptions today") }
      subscribed.insert(try request.parameter("uri"))
    case "resources/unsubscribe" where options.takesSubscriptions:
      subscribed.remove(try request.parameter("uri"))
    default: return false
    }
    connection.answer(request) { _ in }
    return true
  }

  /// `log`: in the legacy era what is at or above the level that was set, info if none was; in the modern one what the
  /// call itself allows.
  func log(_ request: MCPRequest) throws(MCPFailure) {
    guard let level = MessageLevel(rawValue: try request.arguments.string("level")) else {
      throw .invalidParams("no such level")
    }
    let data = request.arguments.json?.member("data").map { Array($0.bytes) } ?? Array("null".utf8)
    let count = try request.arguments.integer("count", in: 0...10_000_000, default: 1)
    let own = request.params?.member("_meta")?.member("io.modelcontextprotocol/logLevel")?.string
    let wanted = request.isModern ? own.flatMap { MessageLevel(rawValue: $0) } : logLevel ?? .info
    if let wanted, level >= wanted {
      for _ in 0..<count {
        connection.notify("notifications/message") { params in
          params.member("level", level.rawValue)
          params.member("logger", "fake")
          params.key("data")
          params.splice(text: data)
        }
      }
    }
    connection.answer(request, text: "logged")
  }

  func touch(_ request: MCPRequest) throws(MCPFailure) {
    let uri = try request.arguments.string("uri")
    let told = request.arguments.json?.member("as")?.string ?? uri
    if subscribed.contains(uri) { connection.notify("notifications/resources/updated") { $0.member("uri", told) } }
    for (id, uris) in resourceListens where uris.contains(uri) {
      connection.notify("notifications/resources/updated") { params in
        params.member("uri", told)
        writeSubscription(id, into: &params)
      }
    }
    connection.answer(request, text: "touched")
  }

  /// Says in its values what it was asked: the value, and the context's arguments.
  func complete(_ request: MCPRequest) throws(MCPFailure) {
    guard let ref = request.params?.member("ref"),
      let value = request.params?.member("argument")?.member("value")?.string
    else { throw .invalidParams("completion/complete needs ref and argument") }
    let name = ref.member("name")?.string ?? ref.member("uri")?.string ?? ""
    let context = request.params?.member("context").map { String(decoding: $0.bytes, as: UTF8.self) } ?? "no context"
    connection.answer(request) { result in
      result.key("completion")
      result.beginObject()
      result.member("values", strings: ["\(value)-1", "\(value)-2", name, context])
      result.member("total", 4)
      result.member("hasMore", false)
      result.endObject()
    }
  }
}
