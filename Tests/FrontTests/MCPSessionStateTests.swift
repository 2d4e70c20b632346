import Protocol
import Testing

@testable import Front

@Suite("MCPSessionState")
struct MCPSessionStateTests {
  private static func message(_ text: String) throws -> JSONRPCMessage { try JSONRPCMessage(parsing: Array(text.utf8)) }

  private static let modernMeta =
    #"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}"#

  private static func request(_ method: String, _ params: String = "{}", id: String = "1") throws -> JSONRPCMessage {
    try message(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#)
  }

  private static func state(_ name: String) throws -> MCPSessionState {
    var state = MCPSessionState()
    if name == "opening" { return state }
    _ = state.receive(try request("initialize", #"{"protocolVersion":"2025-03-26"}"#, id: #""open""#))
    if name == "confirmed" {
      _ = state.receive(try message(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#))
    }
    return state
  }

  /// A decision in a word.
  private static func word(_ decision: MCPDecision) -> String {
    switch decision {
    case .ignore: "ignore"
    case .refuse(let refusal): "\(refusal.code)"
    case .initialize(_, let revision): "initialize \(revision.rawValue)"
    case .pong: "pong"
    case .confirm: "confirm"
    case .serve(_, let method, let revision): "\(method.rawValue) \(revision.rawValue)"
    case .cancel: "cancel"
    }
  }

  @Test(
    "every state answers every method",
    arguments: [
      ("opening", "initialize", "initialize 2025-11-25"), ("opening", "ping", "pong"),
      ("opening", "server/discover", "-32602"), ("opening", "tools/list", "-32602"), ("opening", "nix", "-32601"),
      ("opening", "subscriptions/listen", "-32602"), ("opening", "logging/setLevel", "-32602"),
      ("initialized", "initialize", "-32600"), ("initialized", "ping", "pong"),
      ("initialized", "tools/list", "tools/list 2025-03-26"), ("initialized", "server/discover", "-32601"),
      ("initialized", "nix", "-32601"), ("confirmed", "initialize", "-32600"), ("confirmed", "ping", "pong"),
      ("confirmed", "prompts/get", "prompts/get 2025-03-26"), ("confirmed", "subscriptions/listen", "-32601"),
      ("confirmed", "completion/complete", "completion/complete 2025-03-26"), ("confirmed", "tasks/list", "-32601"),
    ])
  func legacy(name: String, method: String, expected: String) throws {
    var state = try Self.state(name)
    #expect(Self.word(state.receive(try Self.request(method))) == expected)
  }

  @Test("a modern envelope is served in every state", arguments: ["opening", "initialized", "confirmed"])
  func modern(name: String) throws {
    for method in MCPMethod.allCases where method != .initialize {
      var state = try Self.state(name)
      let before = state.life
      let expected = !method.exists(in: .modern) ? "-32601" : "\(method.rawValue) 2026-07-28"
      #expect(Self.word(state.receive(try Self.request(method.rawValue, Self.modernMeta))) == expected)
      #expect(state.life == before)
    }
    // `initialize` is legacy whatever its envelope says.
    var state = try Self.state("opening")
    #expect(Self.word(state.receive(try Self.request("initialize", Self.modernMeta))) == "initialize 2025-11-25")
  }

  @Test(
    "notifications and responses in every state",
    arguments: [
      (#""method":"notifications/initialized""#, "ignore", "confirm", "ignore"),
      (#""method":"notifications/cancelled","params":{"requestId":5}"#, "ignore", "ignore", "ignore"),
      (#""method":"notifications/cancelled""#, "ignore", "ignore", "ignore"),
      (#""method":"notifications/nix""#, "ignore", "ignore", "ignore"),
      (#""id":1,"result":{}"#, "ignore", "ignore", "ignore"),
      (#""id":1,"error":{"code":1,"message":"m"}"#, "ignore", "ignore", "ignore"),
    ])
  func others(members: String, opening: String, initialized: String, confirmed: String) throws {
    for (name, expected) in [("opening", opening), ("initialized", initialized), ("confirmed", confirmed)] {
      var state = try Self.state(name)
      #expect(Self.word(state.receive(try Self.message(#"{"jsonrpc":"2.0",\#(members)}"#))) == expected, "\(name)")
      #expect(state.mayNotify == (name == "confirmed" || expected == "confirm"))
    }
  }

  @Test("a request is in flight until its end, and cancelled once")
  func inFlight() throws {
    var state = try Self.state("confirmed")
    _ = state.receive(try Self.request("tools/list", id: "5"))
    _ = state.receive(try Self.request("tools/list", id: #""5""#))
    #expect(Self.word(state.receive(try Self.request("prompts/list", id: "5"))) == "-32600")
    #expect(Self.word(state.receive(try Self.request("server/discover", Self.modernMeta, id: "5"))) == "-32600")
    let cancel = try Self.message(
      #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}"#)
    #expect(Self.word(state.receive(cancel)) == "cancel")
    #expect(Self.word(state.receive(cancel)) == "ignore")
    let ends = [state.end(.int(5)), state.end(.string("5")), state.end(.string("5"))]
    #expect(ends == [false, true, false])
    #expect(Self.word(state.receive(try Self.request("tools/list", id: "5"))) == "tools/list 2025-03-26")
  }

  @Test("requests in flight are limited")
  func limit() throws {
    var state = try Self.state("confirmed")
    let words = try (0..<MCPSessionState.mostInFlight).map { id in
      Self.word(state.receive(try Self.request("tools/list", id: "\(id)")))
    }
    #expect(Set(words) == ["tools/list 2025-03-26"])
    #expect(Self.word(state.receive(try Self.request("tools/list", id: "9999"))) == "-32603")
    #expect(Self.word(state.receive(try Self.request("ping", id: "9998"))) == "pong")
    _ = state.end(.int(0))
    #expect(Self.word(state.receive(try Self.request("tools/list", id: "9999"))) == "tools/list 2025-03-26")
  }
}
