import Protocol
import Testing

/// `error.hint`: the next attempt can be right (contract §3.2).
@Suite("hints from the outside", .timeLimit(.minutes(5)))
struct MatrixHintTests {
  @Test("an unknown id names ids that are close, of its kind, and none that policy denies")
  func didYouMean() async throws {
    let config = DaemonConfig(
      servers: [.demo("demo"), .fake("fake", "--resources", "2", "--prompts", "2")],
      members: [
        "policy": #"{"deny": ["fake.count", "demo.echo", "fake.fake://resource/2", "fake.prompt_2"]}"#,
        "capabilityAliases": #"{"demo.add": "sum.up"}"#,
      ])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "demo")
      try daemon.wait(for: "fake")
      let http = try daemon.http()
      let calls: [(id: String, hint: String?)] = [
        ("fake.ecko", #"{"did_you_mean":["fake.echo"],"actor":"client"}"#),
        ("echo", #"{"did_you_mean":["fake.echo"],"actor":"client"}"#),
        ("Fake.Echo", #"{"did_you_mean":["fake.echo"],"actor":"client"}"#),
        ("sum.op", #"{"did_you_mean":["sum.up"],"actor":"client"}"#),
        ("demo.cuont", #"{"did_you_mean":["demo.count"],"actor":"client"}"#),
        // The nearest is denied; nothing is near.
        ("fake.coumt", nil), ("nothing.like.this.anywhere", nil),
      ]
      for (id, hint) in calls {
        let answer = try http.call(id)
        #expect(answer.status == 404 && answer.hint == hint, "\(id): \(answer.text)")
        #expect(
          answer.text.hasSuffix(
            #""code":"TOOL_NOT_FOUND","message":"Capability \"\#(id)\" does not exist.","retryable":false"#
              + (hint.map { #","hint":\#($0)}"# } ?? "}")
              + #","retry":{"classification":"safe","upstream_execution_state":"not_started"}}"#), "\(answer.text)")
        let description = try http.get("/v1/capabilities/\(id)")
        #expect(description.status == 404 && description.hint == hint, "\(id): \(description.text)")
      }
      let read = try http.post("/v1/resources/read", #"{"resource_id":"fake.fake://resource/3"}"#)
      #expect(read.hint == #"{"did_you_mean":["fake.fake://resource/1"],"actor":"client"}"#, "\(read.text)")
      let got = try http.post("/v1/prompts/get", #"{"prompt_id":"fake.promt_1"}"#)
      #expect(got.hint == #"{"did_you_mean":["fake.prompt_1"],"actor":"client"}"#, "\(got.text)")
      let denied = try http.call("fake.count")
      #expect(denied.hint == #"{"actor":"operator"}"#)
      #expect(denied.text.contains(#""reason":"policy_denied","hint":{"actor":"operator"}},"retry":"#))
      // The command prints the same.
      let command = try daemon.warmplane("call-capability", "fake.ecko", "--output", "json")
      #expect(command.exit == .code(1))
      #expect(command.output.contains(#""hint":{"did_you_mean":["fake.echo"],"actor":"client"}},"retry":"#))
    }
  }

  @Test("refused arguments name what is expected, when the upstream said that they are the reason")
  func expected() async throws {
    let schema = #"{"type":"object","properties":{"b":{},"a":{"type":"number"},"c":{}},"required":["c","a"]}"#
    let picky = DaemonConfig.Server(
      id: "picky", command: "/bin/sh",
      arguments: [
        "-c",
        """
        while IFS= read -r line; do
          id=${line#*'"id":'}; id=${id%%[,\\}]*}
          case "$line" in
            *'"method":"initialize"'*) r='"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}';;
            *'"method":"tools/list"'*) r='"result":{"tools":[{"name":"t","inputSchema":\(schema)},{"name":"u","inputSchema":{}}]}';;
            *'"method":"notifications/'*) continue;;
            *'"name":"t","arguments":{"x":'*) r='"error":{"code":-32603,"message":"broken"}';;
            *'"method":"tools/call"'*) r='"error":{"code":-32602,"message":"no","data":{"at":1.0}}';;
            *) r='"error":{"code":-32601,"message":"no"}';;
          esac
          printf '{"jsonrpc":"2.0","id":%s,%s}\\n' "$id" "$r"
        done
        """,
      ])
    let config = DaemonConfig(
      servers: [picky, .fake("fake", "--prompts", "1"), .demo("demo")],
      members: [
        "capabilityAliases": #"{"demo.add": "denied"}"#, "policy": #"{"deny": ["denied"]}"#,
      ])
    try await DaemonFixture.run(config) { daemon in
      for server in ["picky", "fake", "demo"] { try daemon.wait(for: server) }
      let http = try daemon.http()
      let refused = try http.call("picky.t")
      #expect(refused.status == 502 && refused.code == "UPSTREAM_ERROR" && refused.reason == nil)
      #expect(
        refused.text.hasSuffix(
          #""error":{"code":"UPSTREAM_ERROR","message":"no (code: -32602); data: {\"at\":1.0}","retryable":false,"#
            + #""hint":{"expected":{"required":["c","a"],"optional":["b"]},"actor":"client"}},"#
            + #""retry":{"classification":"unsafe","upstream_execution_state":"completed"}}"#), "\(refused.text)")
      // Without names in the schema only who has to act is known. Other errors say nothing at all, unless the schema shows
      // that arguments are missing.
      let expected = #"{"expected":{"required":["c","a"],"optional":["b"]},"actor":"client"}"#
      #expect(try http.call("picky.u").hint == #"{"actor":"client"}"#)
      #expect(try http.call("picky.t", #"{"x":1,"a":1,"c":1}"#).hint == nil)
      let lacking = try http.call("picky.t", #"{"x":1}"#)
      #expect(lacking.message == "broken (code: -32603)" && lacking.hint == expected, "\(lacking.text)")
      // What we refuse ourselves.
      for body in [
        #"{"capability_id":"picky.t","args":[]}"#, #"{"capability_id":"picky.t"}"#,
        #"{"capability_id":"picky.t","args":{"a":1,"a":2}}"#,
      ] {
        let bad = try http.post("/v1/tools/call", body)
        #expect(bad.status == 400 && bad.reason == "invalid_field" && bad.hint == expected, "\(bad.text)")
      }
      for id in ["picky.nothing", "denied"] {
        let bad = try http.call(id, "[]")
        #expect(bad.status == 400 && bad.reason == "invalid_field" && bad.hint == nil, "\(bad.text)")
      }
      let text = try http.post("/v1/prompts/get", #"{"prompt_id":"demo.greet","arguments":"x"}"#)
      #expect(text.status == 400, "\(text.text)")
      #expect(text.hint == #"{"expected":{"required":["name"],"optional":[]},"actor":"client"}"#, "\(text.text)")
      let prompt = try http.post("/v1/prompts/get", #"{"prompt_id":"fake.prompt_1","arguments":{"tpic":"x"}}"#)
      #expect(prompt.status == 502)
      #expect(
        prompt.hint == #"{"expected":{"required":["topic"],"optional":[]},"actor":"client"}"#, "\(prompt.text)")
      let greet = try http.post("/v1/prompts/get", #"{"prompt_id":"demo.greet"}"#)
      #expect(greet.hint == #"{"expected":{"required":["name"],"optional":[]},"actor":"client"}"#, "\(greet.text)")
    }
  }

  @Test("a server that is not usable names who has to act, and the command")
  func readiness() async throws {
    let config = DaemonConfig(
      servers: [
        .fake("off", members: ["disabled": "true"]),
        .fake("unset", members: ["env": #"{"A": "${WARMPLANE_TEST_UNSET}"}"#]),
        .fake("exits", "--exit-at-start", "1"), .fake("slow", "--slow-start", "60000", members: ["timeout": "200"]),
      ])
    try await DaemonFixture.run(config) { daemon in
      let http = try daemon.http()
      let rows: [(server: String, reasons: [String], isRetryable: Bool, hint: String)] = [
        ("off", ["disabled"], false, #"{"action":"warmplane reload","actor":"operator"}"#),
        ("unset", ["config_invalid"], false, #"{"actor":"operator"}"#),
        (
          "exits", ["transport_unavailable", "crash_loop"], true,
          #"{"action":"warmplane logs exits","actor":"operator"}"#
        ),
        ("slow", ["starting"], true, #"{"actor":"client"}"#),
      ]
      for row in rows {
        let answer = try http.call("\(row.server).echo")
        #expect(answer.status == 503 && answer.code == "SERVER_UNREACHABLE", "\(answer.text)")
        #expect(row.reasons.contains(answer.reason ?? ""), "\(answer.text)")
        #expect(answer.isRetryable == row.isRetryable && answer.hint == row.hint, "\(answer.text)")
        #expect(answer.message?.contains(#""\#(row.server)""#) == true, "\(answer.text)")
        #expect(answer.text.contains(#""reason":"\#(answer.reason ?? "")","hint":\#(row.hint)},"#), "\(answer.text)")
        let description = try http.get("/v1/capabilities/\(row.server).echo")
        #expect(description.status == 503 && description.hint == row.hint, "\(description.text)")
      }
    }
  }
}
