import Protocol
import Testing

/// The official Python SDK as an HTTP client, of every era.
@Suite("MCP over HTTP: the official SDKs", .timeLimit(.minutes(5)))
struct MCPHTTPSDKTests {
  private static func text(_ value: JSONSlice) -> String { String(decoding: value.bytes, as: UTF8.self) }

  @Test(
    "lists, calls, reads and gets",
    arguments: [
      (1, "legacy", "mcp", "2025-11-25"), (2, "legacy", "mcp", "2025-11-25"), (2, "auto", "mcp", "2026-07-28"),
      (1, "sse", "sse", "2024-11-05"), (2, "auto", "mcp/fake?exposure=direct", "2026-07-28"),
      (1, "legacy", "mcp/fake?exposure=direct", "2025-11-25"),
    ])
  func everything(sdk: Int, mode: String, path: String, revision: String) async throws {
    let config = DaemonConfig(
      servers: [.fake("fake", "--resources", "2", "--prompts", "1"), .demo("demo")],
      members: ["mcp": #"{"sse":true}"#])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "fake")
      try daemon.wait(for: "demo")
      let peer = try MCPSDKPeer(daemon, sdk: sdk, mode: mode, url: "http://127.0.0.1:\(daemon.port)/\(path)")
      // The SSE client proposes its newest revision all the same.
      #expect(peer.facts.member("version")?.string == (mode == "sse" ? "2025-11-25" : revision))
      let isDirect = path.contains("direct")
      func call(_ tool: String, _ arguments: String) throws -> String {
        let answer =
          isDirect
          ? try peer.call(tool, arguments)
          : try peer.call("capability_call", #"{"capability_id":"fake.\#(tool)","args":\#(arguments)}"#)
        return Self.text(answer)
      }
      let tools = try peer.step("list_tools").member("result")?.member("tools")?.elements
        .compactMap { $0.member("name")?.string }
      #expect(isDirect ? tools?.contains("echo") == true : tools?.count == 7)
      #expect(try call("echo", #"{"text":"hello"}"#).contains("hello"))
      #expect(try call("sleep", #"{"ms":700}"#).contains("slept 700 ms"))
      #expect(try call("big", #"{"bytes":300000}"#).utf8.count > 300_000)
      let resources = try peer.step("list_resources")
      #expect(Self.text(resources).contains("fake://resource/2"))
      let read = try peer.step("read_resource", #"{"uri":"fake://resource/1"}"#)
      #expect(read.member("result") != nil, "\(Self.text(read))")
      let prompt = try peer.step("get_prompt", #"{"name":"prompt_1","arguments":{"topic":"rain"}}"#)
      #expect(Self.text(prompt).contains("messages"), "\(Self.text(prompt))")
      let unknown = try peer.step("get_prompt", #"{"name":"nosuch"}"#)
      #expect(unknown.member("error")?.member("code")?.int == -32602, "\(Self.text(unknown))")
      try peer.finish()
      // A polite client deletes its session.
      try daemon.eventually("nobody is there any more") {
        let clients = try daemon.status().member("daemon")?.member("clients")?.elements
        return clients?.contains { $0.member("kind")?.string == "http" } == false ? true : nil
      }
    }
  }
}
