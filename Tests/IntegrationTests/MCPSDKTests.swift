import Foundation
import Glibc
import Platform
import Protocol
import Testing

/// The official Python SDK as a client, real servers as upstreams: the bridge is what users have.
@Suite("MCP: the official SDKs", .timeLimit(.minutes(5)))
struct MCPSDKTests {
  private static func text(_ value: JSONSlice?) -> String {
    value.map { String(decoding: $0.compacted(), as: UTF8.self) } ?? "nothing"
  }

  private static func firstText(_ result: JSONSlice) -> String {
    result.member("content")?.elements.first { _ in true }?.member("text")?.string ?? "nothing"
  }

  @Test(
    "a client starts the bridge with six variables, a shell uses the CLI, a program HTTP: one daemon, equal values",
    arguments: [(1, "legacy", "2025-11-25"), (2, "legacy", "2025-11-25"), (2, "auto", "2026-07-28")])
  func threeWays(sdk: Int, mode: String, revision: String) async throws {
    let config = RealServers.config(
      try RealServers.example("time", "mcp-server-time", "--local-timezone", "UTC"),
      try RealServers.example("git", "mcp-server-git", "--repository", "repository"),
      try RealServers.example("sqlite", "mcp-server-sqlite", "--db-path", "demo.db"))
    try await DaemonFixture.run(config, isStarted: false) { daemon in
      let repository = "\(daemon.directory)/repository"
      try RealServers.makeRepository(at: repository)
      // The bridge starts this daemon, and a test that fails must not leave it.
      defer { _ = try? daemon.runWarmplane(["stop", "--config", daemon.configPath]) }
      let peer = try MCPSDKPeer(daemon, sdk: sdk, mode: mode)
      #expect(peer.facts.member("version")?.string == revision)
      #expect(peer.facts.member("server")?.member("name")?.string == "warmplane")
      let tools = try peer.step("list_tools").member("result")?.member("tools")?.elements
        .compactMap { $0.member("name")?.string }
      #expect(tools?.count == 7)

      func cli(_ arguments: String...) throws -> String {
        let result = try daemon.runWarmplane(arguments + ["--config", daemon.configPath])
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
      }
      let status = try JSONSlice(validating: Array(try cli("status", "--json").utf8))
      let http = try #require(status.member("daemon")?.member("http")?.string)
      let port = try #require(http.split(separator: ":").last.flatMap { Int($0) })
      func get(_ path: String) throws -> String { try SurfaceHTTPClient(port: port).get(path).text }
      #expect(
        status.member("daemon")?.member("clients")?.elements.contains { $0.member("kind")?.string == "mcp" } == true)

      // A first list waits for first starts, but not for as long as Python may need on a busy machine.
      try daemon.eventually(within: 100, "all servers are ready") {
        let workers = try JSONSlice(validating: Array(try cli("status", "--json").utf8)).member("workers")
        return workers?.elements.contains { $0.member("state")?.string != "ready" } == false ? true : nil
      }
      let listed = try peer.call("capabilities_list")
      #expect(Self.firstText(listed) == (try get("/v1/capabilities")))
      #expect(Self.firstText(listed) == (try cli("list-capabilities")))
      #expect(Self.firstText(listed).contains("time.convert_time"))
      let described = try peer.call("capability_describe", #"{"id":"sqlite.write_query"}"#)
      #expect(Self.firstText(described) == (try get("/v1/capabilities/sqlite.write_query")))
      #expect(Self.firstText(described) == (try cli("describe-capability", "sqlite.write_query")))

      for (id, arguments) in [
        ("time.convert_time", #"{"source_timezone":"UTC","time":"12:30","target_timezone":"Asia/Tokyo"}"#),
        ("git.git_status", #"{"repo_path":"\#(repository)"}"#),
        ("git.git_log", #"{"repo_path":"\#(repository)"}"#),
        ("sqlite.list_tables", "{}"),
      ] {
        let called = try peer.call(
          "capability_call", #"{"capability_id":"\#(id)","args":\#(arguments),"request_id":"x"}"#)
        let envelope = try JSONSlice(validating: Array(Self.firstText(called).utf8))
        #expect(Self.text(envelope) == Self.text(called.member("structuredContent")))
        let shell = try JSONSlice(
          validating: Array(try cli("call-capability", id, "--params", arguments, "--request-id", "x").utf8))
        let program = try SurfaceHTTPClient(port: port).call(id, arguments, requestID: #""x""#).json
        for member in ["ok", "request_id", "data", "error"] {
          #expect(Self.text(envelope.member(member)) == Self.text(shell.member(member)), "\(id)")
          #expect(Self.text(envelope.member(member)) == Self.text(program.member(member)), "\(id)")
        }
        #expect(envelope.member("ok")?.bool == true, "\(id)")
      }

      let resources = try peer.step("list_resources").member("result")?.member("resources")
      #expect(resources?.elements.compactMap { $0.member("uri")?.string } == ["memo://insights"])
      let read = try peer.step("read_resource", #"{"uri":"memo://insights"}"#).member("result")
      let readByTool = try peer.call("resource_read", #"{"resource_id":"sqlite.memo://insights"}"#)
      let contents = { (value: JSONSlice?) in
        value?.member("contents")?.elements.compactMap { $0.member("text")?.string } ?? []
      }
      #expect(contents(read) == contents(readByTool.member("structuredContent")?.member("data")))
      #expect(!contents(read).isEmpty)
      let prompts = try peer.step("list_prompts").member("result")?.member("prompts")
      #expect(prompts?.elements.compactMap { $0.member("name")?.string } == ["mcp-demo"])
      let got = try peer.step("get_prompt", #"{"name":"mcp-demo","arguments":{"topic":"trains"}}"#).member("result")
      let messages = Self.text(got?.member("messages"))
      #expect(messages.contains("trains"))

      #expect(
        try peer.step("call_tool", #"{"name":"nix","arguments":{}}"#).member("error")?.member("code")?.int == -32602)
      #expect(
        try peer.step("read_resource", #"{"uri":"memo://nix"}"#).member("error")?.member("code")?.int == -32602)

      // The daemon is killed: the SDK goes on as if nothing had been.
      let pid = Int32(try #require(status.member("daemon")?.member("pid")?.int))
      kill(pid, SIGKILL)
      try daemon.eventually("it is gone") { ProcessTree.isAlive(pid) ? nil : true }
      let again = try peer.call("capability_call", #"{"capability_id":"sqlite.list_tables","args":{}}"#)
      #expect(again.member("isError")?.bool == false)
      try peer.finish()
    }
  }
}
