import Foundation
import Glibc
import Testing

/// The facade commands over the control socket, against a scripted daemon.
@Suite struct CLIFacadeTests {
  private static let list =
    #"{"version":"v1","capabilities":[{"id":"git.log","summary":"Shows the commit\nlog of a repository, with"#
    + #" many words that nobody reads to their end","server":"git","tool":"log","tags":[]},"#
    + #"{"id":"notes.an_id_that_is_longer_than_the_column_may_be","summary":"日本語","server":"notes","tool":"x","#
    + #""tags":[]}],"server_readiness":[{"server":"git","code":"ready","message":"","retryable":false},"#
    + #"{"server":"slow","code":"starting","message":"Server \"slow\" is starting.","retryable":true}]}"#
  private static let success =
    #"{"ok":true,"request_id":"r","trace_id":"0","data":{"n":12345678901234567890,"x":1.0,"s":"\u00e9"},"error":null}"#
  private static let failure =
    #"{"ok":false,"request_id":null,"trace_id":"0","data":null,"error":{"code":"TOOL_NOT_FOUND","message":"no","#
    + #""retryable":false}}"#

  private static func prepared(
    script: @escaping @Sendable (String) -> CLIScriptedDaemon.Answer
  ) throws -> (CLIProgram, CLIScriptedDaemon) {
    let workspace = CLIWorkspace()
    try workspace.write(#"{"mcpServers":{}}"#, to: "mcp_servers.json")
    let daemon = try CLIScriptedDaemon.start(at: try workspace.controlSocket(), script: script)
    return (CLIProgram(in: workspace), daemon)
  }

  /// Runs one command and returns the first request that the daemon saw, too.
  private static func exchange(
    _ arguments: [String], input: String = "", answer: CLIScriptedDaemon.Answer
  ) async throws -> (CLIProgram.Result, CLIScriptedDaemon.Event?) {
    let (program, daemon) = try prepared { _ in answer }
    defer { daemon.stop() }
    let result = try await program.run(arguments, input: input)
    return (result, await daemon.events.first { _ in true })
  }

  @Test(arguments: [
    (["list-capabilities"], "capabilities/list", "{}"),
    (["list-capabilities", "--no-wait", "--no-start"], "capabilities/list", #"{"wait":0}"#),
    (["describe-capability", "a/b c"], "capabilities/describe", #"{"id":"a/b c"}"#),
    (["call-capability", "x"], "tools/call", #"{"capability_id":"x","args":{},"request_id":null}"#),
    (
      ["call-capability", "--request-id=r", "x", "--params", #"{ "n":12345678901234567890, "x":1.0, "s":"\u00e9" }"#],
      "tools/call",
      #"{"capability_id":"x","args":{ "n":12345678901234567890, "x":1.0, "s":"\u00e9" },"request_id":"r"}"#
    ),
    (["call-capability", "x", "--params", "-"], "tools/call", #"{"capability_id":"x","args":[7],"request_id":null}"#),
    (["list-resources"], "resources/list", "{}"),
    (["list-prompts", "--no-wait"], "prompts/list", #"{"wait":0}"#),
    (["read-resource", "a b", "--request-id", "r"], "resources/read", #"{"resource_id":"a b","request_id":"r"}"#),
    (["get-prompt", "p"], "prompts/get", #"{"prompt_id":"p","arguments":{},"request_id":null}"#),
    (
      ["get-prompt", "p", "-a", #"{"x": 1.0}"#], "prompts/get",
      #"{"prompt_id":"p","arguments":{"x": 1.0},"request_id":null}"#
    ),
    (["get-prompt", "p", "--arguments=-"], "prompts/get", #"{"prompt_id":"p","arguments":[7],"request_id":null}"#),
    (["call-capability", "--", "--x"], "tools/call", #"{"capability_id":"--x","args":{},"request_id":null}"#),
  ])
  func requests(_ arguments: [String], _ method: String, _ params: String) async throws {
    let (result, event) = try await Self.exchange(arguments, input: "[7]", answer: .body(200, Self.success))
    #expect(event == .request(method: method, params: params))
    #expect(result.code == 0)
    #expect(result.output == Self.success + "\n")
    #expect(result.error.isEmpty)
  }

  @Test func parametersFromAFile() async throws {
    let (program, daemon) = try Self.prepared { _ in .body(200, Self.success) }
    defer { daemon.stop() }
    try program.workspace.write("{\n  \"a\": 1\n}\n", to: "params.json")
    #expect(try await program.run(["call-capability", "x", "--params", "@params.json"]).code == 0)
    let event = await daemon.events.first { _ in true }
    #expect(
      event == .request(method: "tools/call", params: #"{"capability_id":"x","args":{  "a": 1},"request_id":null}"#))
  }

  @Test(arguments: [
    (#"{"a" 1}"#, "--params is not valid JSON", "expected ':' after the member name at line 1, column 6"),
    ("", "--params is not valid JSON", "no JSON value"),
    ("@none.json", "--params: cannot read the file", "open none.json: No such file or directory"),
    ("-", "--params (standard input) is not valid JSON", "at line 2, column 3"),
  ])
  func invalidParametersAreNotSent(_ value: String, _ message: String, _ cause: String) async throws {
    let (program, daemon) = try Self.prepared { _ in .body(200, Self.success) }
    defer { daemon.stop() }
    let result = try await program.run(["call-capability", "x", "--params", value], input: "{\n  bad")
    #expect(result.code == 1)
    #expect(result.output.isEmpty)
    #expect(result.error.hasPrefix("Error: \(message)\n\nCaused by:\n    "))
    #expect(result.error.contains(cause))
    // The next request is the first one that the daemon sees.
    _ = try await program.run(["list-capabilities"])
    #expect(await daemon.events.first { _ in true } == .request(method: "capabilities/list", params: "{}"))
  }

  @Test(arguments: [(404, failure), (200, failure), (500, #"{"odd":1}"#)])
  func failuresArePrintedAndEndWithCode1(_ status: Int, _ body: String) async throws {
    let (result, _) = try await Self.exchange(["call-capability", "x"], answer: .body(status, body))
    #expect(result.code == 1)
    #expect(result.output == body + "\n")
    #expect(result.error.isEmpty)
  }

  @Test func anUpstreamErrorInsideASuccessIsASuccess() async throws {
    let body = #"{"ok":true,"request_id":null,"trace_id":"0","data":{"isError":true},"error":null}"#
    let (result, _) = try await Self.exchange(["call-capability", "x"], answer: .body(200, body))
    #expect(result.code == 0)
  }

  @Test(arguments: [
    (CLIScriptedDaemon.Answer.close, "the connection to the daemon was lost before the answer"),
    (.raw([0xFF, 0xFF, 0xFF, 0xFF]), "the answer is not one of a warmplane daemon"),
    (.raw([0, 0, 0, 2, 0x7B, 0x7B]), "the answer is not one of a warmplane daemon"),
    (.error(code: -32601, message: "unknown"), "the daemon refused the request: unknown (code: -32601)"),
  ])
  func brokenAnswersAreErrors(_ answer: CLIScriptedDaemon.Answer, _ message: String) async throws {
    let (result, _) = try await Self.exchange(["list-capabilities"], answer: answer)
    #expect(result.code == 1)
    #expect(result.output.isEmpty)
    #expect(result.error.hasPrefix("Error: \(message)"))
  }

  @Test func outputForms() async throws {
    let (program, daemon) = try Self.prepared {
      $0 == "tools/call" ? .body(200, "{ \"a\":[1] }") : .body(200, Self.list)
    }
    defer { daemon.stop() }
    #expect(try await program.run(["list-capabilities", "--output=json"]).output == Self.list + "\n")
    let pretty = "{\n  \"a\": [\n    1\n  ]\n}\n"
    #expect(try await program.run(["call-capability", "x", "--output", "pretty"]).output == pretty)
    #expect(try await program.run(["call-capability", "x", "--output", "table"]).output == pretty)
    #expect(try await program.runOnTerminal(["call-capability", "x"], columns: 80).output == pretty)
    let table = try await program.run(["list-capabilities", "--output", "table"])
    #expect(
      table.output == """
        ID       SUMMARY
        git.log  Shows the commit log of a repository, with many words that nobody read…
        notes.an_id_that_is_longer_than_the_column_may_be
                 日本語

        2 tools of 2 servers
        slow: starting
            Server "slow" is starting.

        """)
    for line in table.output.split(separator: "\n") { #expect(line.count <= 80) }
  }

  @Test(arguments: [
    (
      "list-resources",
      #"{"resources":[{"id":"a.x://y","name":"y","description":null},{"id":"b","name":"n","description":"d"}]}"#,
      "ID       SUMMARY\na.x://y  y\nb        d\n\n2 resources of 0 servers\n"
    ),
    (
      "list-prompts", #"{"prompts":[{"id":"p","title":"T","description":null}],"server_readiness":[]}"#,
      "ID  SUMMARY\np   T\n\n1 prompt of 0 servers\n"
    ),
  ])
  func tablesOfResourcesAndPrompts(_ command: String, _ body: String, _ table: String) async throws {
    let (program, daemon) = try Self.prepared { _ in .body(200, body) }
    defer { daemon.stop() }
    #expect(try await program.run([command, "--output", "table"]).output == table)
  }

  @Test func invalidArgumentsOfAPromptAreNotSent() async throws {
    let (program, daemon) = try Self.prepared { _ in .body(200, Self.success) }
    defer { daemon.stop() }
    let result = try await program.run(["get-prompt", "x", "-a", "{"])
    #expect(result.code == 1)
    #expect(result.error.hasPrefix("Error: --arguments is not valid JSON\n\nCaused by:\n    "))
  }

  @Test func controlCharactersDoNotReachATerminal() async throws {
    let (program, daemon) = try Self.prepared { _ in .body(200, "{\"a\":\"\u{9B}31m\u{7F}é\"}") }
    defer { daemon.stop() }
    let terminal = try await program.runOnTerminal(["call-capability", "x"], columns: 80)
    #expect(terminal.output == "{\n  \"a\": \"\\u009b31m\\u007fé\"\n}\n")
    #expect(try await program.run(["call-capability", "x"]).output == "{\"a\":\"\u{9B}31m\u{7F}é\"}\n")
  }

  @Test func interruptClosesTheConnection() async throws {
    let (program, daemon) = try Self.prepared { _ in .nothing }
    defer { daemon.stop() }
    let running = try program.start(["call-capability", "slow"])
    var events = daemon.events.makeAsyncIterator()
    let call = await events.next()
    #expect(call == .request(method: "tools/call", params: #"{"capability_id":"slow","args":{},"request_id":null}"#))
    kill(running.pid, SIGINT)
    let result = try await running.result()
    #expect(result.code == 130)
    #expect(!result.isSignaled)
    #expect(result.output.isEmpty)
    #expect(await events.next() == .closed)
  }
}
