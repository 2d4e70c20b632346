import Foundation
import Glibc
import Protocol
import Testing

/// Cancelling by request id (contract §10), and what failures say about repeating.
@Suite("cancellation", .timeLimit(.minutes(5)))
struct CancellationTests {
  private static func cancel(_ daemon: DaemonFixture, _ id: String) throws -> SurfaceHTTPClient.Answer {
    try daemon.http().request("POST", "/v1/operations/\(id)/cancel")
  }

  @Test("every operation with the id ends, and its server is told")
  func running() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal")])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "fake")
      let clients = try (0..<3).map { _ in try daemon.http() }
      for (client, id) in zip(clients, ["a/ü", "a/ü", "b"]) {
        try client.begin("fake.sleep", #"{"ms":60000}"#, requestID: "\"\(id)\"")
      }
      let mcp = try MCPClient(daemon, "--no-start")
      try mcp.open("2025-11-25")
      let tool = try mcp.start(
        "tools/call",
        #"{"name":"capability_call","arguments":{"capability_id":"fake.sleep","args":{"ms":60000},"#
          + #""request_id":"a/\u00fc"}}"#)
      try daemon.waitForCalls(4, in: "journal")
      let answer = try Self.cancel(daemon, "a%2F%C3%BC")
      #expect(answer.status == 200 && answer.text == #"{"ok":true,"request_id":"a/ü","cancelled":true}"#)
      for client in clients.prefix(2) {
        let ended = try client.answer()
        #expect(ended.status == 409 && ended.code == "UPSTREAM_ERROR" && ended.reason == "cancelled", "\(ended.text)")
        #expect(ended.isRetryable == false && ended.retry == "unsafe unknown")
      }
      #expect(try mcp.answer(tool).body?.member("error")?.member("reason")?.string == "cancelled")
      try daemon.waitForLines(3, with: "notifications/cancelled", in: "journal")

      let command = try daemon.runWarmplane(["cancel-operation", "b", "--config", daemon.configPath])
      #expect(command.exit == .code(0) && command.output == #"{"ok":true,"request_id":"b","cancelled":true}"# + "\n")
      #expect(try clients[2].answer().reason == "cancelled")
      let again = try daemon.runWarmplane(["cancel-operation", "b", "--config", daemon.configPath, "--no-start"])
      #expect(again.exit == .code(1) && again.output.contains(#""reason":"unknown_operation""#), "\(again)")
      let byPort = try daemon.runWarmplane(["cancel-operation", "x y/z", "--port", "\(daemon.port)"])
      #expect(byPort.exit == .code(1) && byPort.output.contains(#"\"x y/z\""#), "\(byPort)")
      let unknown = try Self.cancel(daemon, "b")
      #expect(unknown.status == 404 && unknown.code == "INVALID_ARGS" && unknown.reason == "unknown_operation")
      #expect(unknown.retry == "safe not_started" && unknown.isRetryable == false)
      #expect(try daemon.call("fake.count").content == "1")
      try mcp.finish()
    }
  }

  @Test("what only waits for its server is not sent any more")
  func waiting() async throws {
    let config = DaemonConfig(servers: [.fake("slow", "--slow-start", "1500", "--journal", "journal")])
    try await DaemonFixture.run(config) { daemon in
      let clients = try (0..<2).map { _ in try daemon.http() }
      try clients[0].begin("slow.count", requestID: #""r""#)
      try clients[1].begin("slow.count", requestID: #""r""#, headers: IdempotencyTests.header("k"))
      try daemon.eventually("both are there") { try Self.cancel(daemon, "r").status == 200 ? true : nil }
      let first = try clients[0].answer()
      #expect(first.reason == "cancelled" && first.retry == "safe not_started", "\(first.text)")
      // The second may have come later.
      _ = try Self.cancel(daemon, "r")
      #expect(try clients[1].answer().reason == "cancelled")
      try daemon.wait(for: "slow")
      let retry = try daemon.http().call("slow.count", headers: IdempotencyTests.header("k"))
      #expect(retry.content == "1" && !retry.isDeduplicated)
      #expect(IdempotencyTests.calls(daemon) == 1)
    }
  }

  @Test("an operation of an earlier daemon can be cancelled")
  func adopted() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--journal", "journal")])
    try await DaemonFixture.run(config) { daemon in
      let client = try MCPClient(daemon, "--no-start")
      try client.open("2025-11-25")
      try daemon.wait(for: "fake")
      let slow = try client.start(
        "tools/call",
        #"{"name":"capability_call","arguments":{"capability_id":"fake.sleep","args":{"ms":60000},"request_id":"r"}}"#)
      try daemon.waitForCalls(in: "journal")
      kill(client.process.processIdentifier, SIGSTOP)
      daemon.signal(SIGKILL)
      try daemon.waitForExit()
      // As soon as it listens: the command waits until the workers are known.
      try daemon.start()
      let command = try daemon.runWarmplane(["cancel-operation", "r", "--no-start", "--config", daemon.configPath])
      #expect(command.exit == .code(0), "\(command)")
      try daemon.waitForLines(with: "notifications/cancelled", in: "journal")
      kill(client.process.processIdentifier, SIGCONT)
      let answer = try client.answer(slow)
      #expect(answer.body?.member("error")?.member("reason")?.string == "cancelled", "\(answer.text ?? "")")
      #expect(
        answer.body?.member("retry")?.member("upstream_execution_state")?.string == "unknown", "\(answer.text ?? "")")
      #expect(IdempotencyTests.calls(daemon) == 1)
      try client.finish()
    }
  }

  @Test("failures say what repeating does, by what the server says of itself")
  func advice() async throws {
    func tool(_ name: String, _ annotations: String) -> String {
      #"{"name":"\#(name)","inputSchema":{},"annotations":\#(annotations)}"#
    }
    let tools = [
      tool("reads", #"{"readOnlyHint":true}"#), tool("sets", #"{"idempotentHint":true,"readOnlyHint":false}"#),
      tool("adds", #"{"idempotentHint":false}"#), #"{"name":"says_nothing","inputSchema":{}}"#,
    ].joined(separator: ",")
    let script = """
      while IFS= read -r line; do
        id=${line#*'"id":'}; id=${id%%[,\\}]*}
        case "$line" in
          *'"method":"initialize"'*) r='"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{},"resources":{},"prompts":{}},"serverInfo":{"name":"s","version":"1"}}';;
          *'"method":"tools/list"'*) r='"result":{"tools":[\(tools)]}';;
          *'"method":"resources/list"'*) r='"result":{"resources":[{"uri":"r:1","name":"r"}]}';;
          *'"method":"prompts/list"'*) r='"result":{"prompts":[{"name":"p"}]}';;
          *'"method":"notifications/'*) continue;;
          *) r='"error":{"code":-32603,"message":"no"}';;
        esac
        printf '{"jsonrpc":"2.0","id":%s,%s}\\n' "$id" "$r"
      done
      """
    let server = DaemonConfig.Server(id: "s", command: "/bin/sh", arguments: ["-c", script])
    let config = DaemonConfig(servers: [server, .fake("fake")])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "s")
      try daemon.wait(for: "fake")
      let http = try daemon.http()
      for (id, advice) in [
        ("s.reads", "safe"), ("s.sets", "idempotent"), ("s.adds", "unsafe"), ("s.says_nothing", "unsafe"),
      ] {
        let answer = try http.call(id)
        #expect(answer.status == 502 && answer.retry == "\(advice) completed", "\(answer.text)")
      }
      #expect(try http.post("/v1/resources/read", #"{"resource_id":"s.r:1"}"#).retry == "safe completed")
      #expect(try http.post("/v1/prompts/get", #"{"prompt_id":"s.p"}"#).retry == "safe completed")
      #expect(try http.call("fake.crash").retry == "unsafe unknown")
      #expect(try http.get("/v1/nowhere").retry == "safe not_started")
      #expect(try http.call("fake.echo").retry == nil)
    }
  }
}
