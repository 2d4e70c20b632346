import Configuration
import Testing

@Suite struct ConfigurationWarningTests {
  @Test(arguments: [
    ("prot", "port"), ("Port", "port"), ("tool_timeout_ms", "toolTimeoutMs"), ("toolTimeout", "toolTimeoutMs"),
    ("servers", "mcpServers"), ("mcpservers", "mcpServers"), ("polciy", "policy"), ("allowedOrigin", "allowedOrigins"),
  ])
  func aNearKeyIsSuggested(_ key: String, _ suggestion: String) {
    #expect(
      findings(in: #"{"\#(key)":1,"mcpServers":{}}"#) == [
        #"1:2: warning: /\#(key): unknown key "\#(key)"; did you mean "\#(suggestion)"?"#
      ])
  }

  @Test(arguments: ["audit", "x", "somethingElse"])
  func aFarKeyIsOnlyNamed(_ key: String) {
    #expect(
      findings(in: #"{"\#(key)":1,"mcpServers":{}}"#) == [#"1:2: warning: /\#(key): unknown key "\#(key)""#])
  }

  @Test func unknownKeysAreFoundAtEveryLevelAndAreErrorsWhenStrict() {
    let text =
      #"{"policy":{"alow":[]},"daemon":{"x":1},"mcpServers":{"s":{"url":"u","Timeout":1,"auth":{"type":"bearer","token":"t","scope":"x"}}}}"#
    let expected = [
      #"1:12: %: /policy/alow: unknown key "alow"; did you mean "allow"?"#,
      #"1:33: %: /daemon/x: unknown key "x""#,
      #"1:69: %: /mcpServers/s/Timeout: server "s": unknown key "Timeout"; did you mean "timeout"?"#,
      #"1:117: %: /mcpServers/s/auth/scope: server "s": unknown key "scope" for auth type "bearer""#,
    ]
    #expect(findings(in: text) == expected.map { $0.replacingFirst("%", with: "warning") })
    #expect(findings(in: text, strict: true) == expected.map { $0.replacingFirst("%", with: "error") })
  }

  @Test(arguments: [
    (#""url":"u","args":[]"#, "/args: server \"s\": args has no effect on an HTTP server (url)"),
    (#""url":"u","env":{"A":"1"}"#, "/env: server \"s\": env has no effect on an HTTP server (url)"),
    (#""url":"u","cwd":"/""#, "/cwd: server \"s\": cwd has no effect on an HTTP server (url)"),
    (
      #""url":"u","headers":{"Mcp-Session-ID":"1"}"#,
      "/headers/Mcp-Session-ID: server \"s\": the header \"Mcp-Session-ID\" belongs to the protocol; "
        + "the configured value is not used"
    ),
    (
      #""url":"u","headers":{"host":"x"}"#,
      "/headers/host: server \"s\": the header \"host\" belongs to the protocol; the configured value is not used"
    ),
    (#""url":"u","timeout":0"#, "/timeout: server \"s\": timeout is 0: every operation times out at once"),
    (
      #""command":"sh","args":["-c","echo ${HOME}"]"#,
      "/args/1: server \"s\": \"${HOME}\" is passed on as it is; to insert a variable here, write ${env:NAME}"
    ),
    (
      #""command":"${BIN}/x""#,
      "/command: server \"s\": \"${BIN}\" is passed on as it is; to insert a variable here, write ${env:NAME}"
    ),
  ])
  func server(_ members: String, _ expected: String) throws {
    let found = serverFindings(members)
    #expect(found.count == 1)
    #expect(try #require(found.first).contains("warning: /mcpServers/s\(expected)"))
    // Only unknown keys become errors.
    #expect(serverFindings(members, strict: true) == found)
  }

  @Test(arguments: [
    (#""toolTimeoutMs":0"#, ["1:18: warning: /toolTimeoutMs: toolTimeoutMs is 0: every operation times out at once"]),
    (
      #""policy":{"allow":["*","a.*","*x"],"deny":["a*b","**"]}"#,
      [
        "1:31: warning: /policy/allow/2: in \"*x\" only a \"*\" at the end is a wildcard; the others are compared "
          + "literally",
        "1:45: warning: /policy/deny/0: in \"a*b\" only a \"*\" at the end is a wildcard; the others are compared "
          + "literally",
        "1:51: warning: /policy/deny/1: in \"**\" only a \"*\" at the end is a wildcard; the others are compared "
          + "literally",
      ]
    ),
    (
      #""bind":"0.0.0.0""#,
      [
        "1:9: warning: /bind: bind \"0.0.0.0\" is not a loopback address, and requests are not authenticated",
        "1:9: warning: /bind: bind \"0.0.0.0\" is not a loopback address, and allowedHosts is empty: only requests "
          + "that name a loopback host are answered",
      ]
    ),
    (
      #""bind":"::","allowedHosts":["h"]"#,
      ["1:9: warning: /bind: bind \"::\" is not a loopback address, and requests are not authenticated"]
    ),
    (#""bind":"127.9.9.9""#, []),
    (
      #""mcpHttpServer":{"profile":"work"}"#,
      ["1:29: warning: /mcpHttpServer/profile: there is no profile \"work\": every request is answered with 404"]
    ),
    (#""profiles":{"work":{}},"mcpHttpServer":{"profile":"work"}"#, []),
    (
      #""port":9191,"mcpHttpServer":{"jsonResponse":true}"#,
      ["1:30: warning: /mcpHttpServer: port 9191 is that of /v1, too, and one program alone can listen on it"]
    ),
    (
      #""bind":"::1","mcpHttpServer":{"bind":"::","port":9090,"allowedHosts":["h"]}"#,
      [
        "1:39: warning: /mcpHttpServer/bind: bind \"::\" is not a loopback address, and requests are not authenticated",
        "1:51: warning: /mcpHttpServer/port: port 9090 is that of /v1, too, and one program alone can listen on it",
      ]
    ),
    (#""port":9191,"bind":"::1","mcpHttpServer":{}"#, []),
    (#""port":9191,"bind":"127.0.0.2","mcpHttpServer":{}"#, []),
    (#""port":0,"mcpHttpServer":{"port":0}"#, []),
    (
      #""mcp":{"http":false,"sse":true}"#,
      [
        "1:28: warning: /mcp/sse: sse has no effect while MCP is not served over HTTP: set mcp.http to true, or add "
          + "mcpHttpServer"
      ]
    ),
    (#""mcp":{"http":false,"sse":true},"mcpHttpServer":{}"#, []),
    (#""mcp":{"sse":true}"#, []),
    (#""bind":"::1""#, []),
    (#""bind":"::ffff:127.0.0.1""#, []),
  ])
  func top(_ member: String, _ expected: [String]) {
    #expect(findings(in: "{\(member),\"mcpServers\":{}}") == expected)
  }

  @Test(arguments: [
    #""command":"c","headers":{}"#,
    #""url":"not a url""#,
    #""url":"{env:NOT_SET"# + #"""#,
    #""command":"c","args":["${env:A}","{env:","$HOME","${"]"#,
    #""command":"c","env":{"A":"${HOME}"}"#,
    #""url":"u","headers":{"Authorization":"x","X-Mcp":"1"}"#,
  ])
  func accepted(_ members: String) {
    #expect(serverFindings(members) == [])
  }
}
