import Testing

/// Every rule of the contract's validation (§2.5, §2.3) through the program: what it prints for files with one mistake.
/// The numbers are those of the contract's table.
@Suite("validation rules", .timeLimit(.minutes(5)))
struct ValidationRuleTests {
  /// A mistake and what is said about it: `<line>:<column>: <severity>: <pointer>: <message>`.
  struct Row: Sendable {
    let name: String
    let text: String
    let lines: [String]

    init(_ name: String, _ text: String, _ lines: [String]) {
      self.name = name
      self.text = text
      self.lines = lines
    }
  }

  /// Members of one server; `@` is its pointer, and its name is left out.
  static let servers: [Row] = [
    Row(
      "1: both", #""command":"c","url":"http://h""#,
      ["1:20: error: @: both command and url are given, which is ambiguous; configure exactly one"]),
    Row("2: neither", "", ["1:20: error: @: neither command nor url is given; configure exactly one"]),
    Row(
      "2: blank", #""command":" ","url":"\t""#,
      ["1:20: error: @: neither command nor url is given; configure exactly one"]),
    Row(
      "3: stdio with auth", #""command":"c","auth":{"type":"bearer","token":"t"}"#,
      ["1:42: error: @/auth: a stdio server (command) cannot have auth"]),
    Row(
      "4: stdio with headers", #""command":"c","headers":{"A":"1"}"#,
      ["1:45: error: @/headers: a stdio server (command) cannot have headers"]),
    Row(
      "5: stdio with protocolVersion", #""command":"c","protocolVersion":"2025-11-25""#,
      ["1:53: error: @/protocolVersion: a stdio server (command) cannot have protocolVersion"]),
    Row(
      "6: stdio with allowStateless", #""command":"c","allowStateless":true"#,
      ["1:52: error: @/allowStateless: a stdio server (command) cannot have allowStateless"]),
    Row(
      "stdio with caFile", #""command":"c","caFile":"ca.pem""#,
      ["1:44: error: @/caFile: a stdio server (command) cannot have caFile"]),
    Row(
      "caFile blank", #""url":"http://h","caFile":"""#,
      ["1:47: error: @/caFile: caFile is blank; give a value or leave it out"]),
    Row(
      "14: unknown type", #""url":"http://h","type":"websocket""#,
      [
        #"1:45: error: @/type: unknown type "websocket"; it is "stdio" with command, or one of "http", "#
          + #""streamable-http", "streamableHttp", "sse" with url"#
      ]),
    Row(
      "14: stdio with url", #""url":"http://h","type":"stdio""#,
      [#"1:45: error: @/type: type "stdio" contradicts url, which makes this an HTTP server"#]),
    Row(
      "14: sse with command", #""command":"c","transport":"sse""#,
      [#"1:47: error: @/transport: transport "sse" contradicts command, which makes this a stdio server"#]),
    Row(
      "16: wrong type", #""command":["c"]"#,
      [#"1:31: error: @/command: failed to parse config JSON: server "s": expected a string, found an array"#]),
    Row(
      "warning: args", #""url":"http://h","args":["x"]"#,
      ["1:45: warning: @/args: args has no effect on an HTTP server (url)"]),
    Row(
      "warning: env", #""url":"http://h","env":{"A":"1"}"#,
      ["1:44: warning: @/env: env has no effect on an HTTP server (url)"]),
    Row(
      "warning: cwd", #""url":"http://h","cwd":"/""#,
      ["1:44: warning: @/cwd: cwd has no effect on an HTTP server (url)"]),
    Row(
      "warning: header of the protocol", #""url":"http://h","headers":{"Accept":"x","X-A":"1","mcp-session-id":"2"}"#,
      [
        #"1:49: warning: @/headers/Accept: the header "Accept" belongs to the protocol; the configured value is not "#
          + #"used"#,
        #"1:72: warning: @/headers/mcp-session-id: the header "mcp-session-id" belongs to the protocol; the "#
          + #"configured value is not used"#,
      ]),
    Row(
      "warning: shell variable", #""command":"sh","args":["-c","echo ${HOME}"]"#,
      [#"1:49: warning: @/args/1: "${HOME}" is passed on as it is; to insert a variable here, write ${env:NAME}"#]),
    Row("accepted: empty headers", #""command":"c","headers":{}"#, []),
    Row("accepted: any url", #""url":"${NOT_SET}""#, []),
  ]

  /// Members of `auth` of a server with a URL; `@` is their pointer.
  static let auths: [Row] = [
    Row(
      "7: bearer without", #""type":"bearer""#,
      [#"1:45: error: @: auth type "bearer" needs token or tokenEnv; configure exactly one"#]),
    Row(
      "7: bearer with both", #""type":"bearer","token":" ","tokenEnv":"T""#,
      [#"1:45: error: @: auth type "bearer" has both token and tokenEnv; configure exactly one"#]),
    Row(
      "8: basic without username", #""type":"basic","password":"p""#,
      [#"1:45: error: @: auth type "basic" needs a username that is not blank"#]),
    Row(
      "8: basic with a blank username", #""type":"basic","username":" ","password":"p""#,
      [#"1:72: error: @/username: auth type "basic" needs a username that is not blank"#]),
    Row(
      "9: basic without", #""type":"basic","username":"u","password":"","passwordEnv":" ""#,
      [#"1:45: error: @: auth type "basic" needs password or passwordEnv; configure exactly one"#]),
    Row(
      "9: basic with both", #""type":"basic","username":"u","password":"p","passwordEnv":"P""#,
      [#"1:45: error: @: auth type "basic" has both password and passwordEnv; configure exactly one"#]),
    Row("no auth type", #""token":"t""#, [#"1:45: error: @: auth has no type; it is "bearer", "basic" or "oauth""#]),
    Row(
      "other auth type", #""type":"digest""#,
      [#"1:53: error: @/type: unknown auth type "digest"; it is "bearer", "basic" or "oauth""#]),
    Row(
      "10: clientId blank", #""type":"oauth","clientId":"""#,
      ["1:72: error: @/clientId: clientId is blank; give a value or leave it out"]),
    Row(
      "11: clientName blank", #""type":"oauth","clientName":" ""#,
      ["1:74: error: @/clientName: clientName is blank; give a value or leave it out"]),
    Row(
      "12: both secrets", #""type":"oauth","clientSecret":"x","clientSecretEnv":"X""#,
      ["1:45: error: @: auth has both clientSecret and clientSecretEnv; configure at most one"]),
    Row(
      "13: redirectUri blank", #""type":"oauth","redirectUri":" ""#,
      ["1:75: error: @/redirectUri: redirectUri is blank; give a value or leave it out"]),
    Row(
      "13: scope blank", #""type":"oauth","scope":" ""#,
      ["1:69: error: @/scope: scope is blank; give a value or leave it out"]),
    Row(
      "13: tokenStoreKey blank", #""type":"oauth","tokenStoreKey":" ""#,
      ["1:77: error: @/tokenStoreKey: tokenStoreKey is blank; give a value or leave it out"]),
    Row(
      "13: authorizationServer blank", #""type":"oauth","authorizationServer":" ""#,
      ["1:83: error: @/authorizationServer: authorizationServer is blank; give a value or leave it out"]),
    Row(
      "13: resourceMetadataUrl blank", #""type":"oauth","resourceMetadataUrl":" ""#,
      ["1:83: error: @/resourceMetadataUrl: resourceMetadataUrl is blank; give a value or leave it out"]),
    Row(
      "13: authorizationEndpoint blank", #""type":"oauth","authorizationEndpoint":" ""#,
      ["1:85: error: @/authorizationEndpoint: authorizationEndpoint is blank; give a value or leave it out"]),
    Row(
      "13: tokenEndpoint blank", #""type":"oauth","tokenEndpoint":" ""#,
      ["1:77: error: @/tokenEndpoint: tokenEndpoint is blank; give a value or leave it out"]),
    Row(
      "13: registrationEndpoint blank", #""type":"oauth","registrationEndpoint":" ""#,
      ["1:84: error: @/registrationEndpoint: registrationEndpoint is blank; give a value or leave it out"]),
    Row(
      "13: clientMetadataUrl blank", #""type":"oauth","clientMetadataUrl":" ""#,
      ["1:81: error: @/clientMetadataUrl: clientMetadataUrl is blank; give a value or leave it out"]),
    Row(
      "13: issuer blank", #""type":"oauth","issuer":" ""#,
      ["1:70: error: @/issuer: issuer is blank; give a value or leave it out"]),
    Row(
      "13: privateKeyFile blank", #""type":"oauth","privateKeyFile":" ""#,
      [
        "1:78: error: @/privateKeyFile: privateKeyFile is blank; give a value or leave it out",
        #"1:78: error: @/privateKeyFile: privateKeyFile needs grant "client_credentials""#,
      ]),
    Row(
      "13: blank item", #""type":"oauth","codeChallengeMethodsSupported":["S256",""]"#,
      ["1:101: error: @/codeChallengeMethodsSupported/1: codeChallengeMethodsSupported has a blank item"]),
    Row(
      "clientMetadataUrl not https", #""type":"oauth","clientMetadataUrl":"http://c.example/c.json""#,
      ["1:81: error: @/clientMetadataUrl: clientMetadataUrl must be an https URL with a path and without fragment"]),
    Row(
      "issuer not https", #""type":"oauth","issuer":"http://as.example""#,
      [
        "1:70: error: @/issuer: issuer must be an https URL (http only for a loopback address) without query and "
          + "fragment"
      ]),
    Row(
      "unknown grant", #""type":"oauth","grant":"implicit""#,
      [#"1:69: error: @/grant: unknown grant "implicit"; it is "authorization_code" or "client_credentials""#]),
    Row(
      "client_credentials without all", #""type":"oauth","grant":"client_credentials""#,
      [
        #"1:45: error: @: grant "client_credentials" needs clientId"#,
        #"1:45: error: @: grant "client_credentials" needs clientSecret, clientSecretEnv or privateKeyFile; "#
          + #"configure exactly one"#,
      ]),
    Row(
      "client_credentials with secret and key",
      #""type":"oauth","grant":"client_credentials","clientId":"c","clientSecret":"x","privateKeyFile":"k""#,
      [
        #"1:141: error: @/privateKeyFile: auth has both a client secret and privateKeyFile; grant "#
          + #""client_credentials" takes exactly one"#
      ]),
    Row(
      "privateKeyFile with a login", #""type":"oauth","clientId":"c","privateKeyFile":"k""#,
      [#"1:93: error: @/privateKeyFile: privateKeyFile needs grant "client_credentials""#]),
    Row(
      "signingAlg unknown",
      #""type":"oauth","grant":"client_credentials","clientId":"c","privateKeyFile":"k","signingAlg":"none""#,
      [#"1:139: error: @/signingAlg: unknown signingAlg "none"; it is one of ES256, EdDSA, PS256, RS256"#]),
    Row(
      "signingAlg alone", #""type":"oauth","signingAlg":"ES256""#,
      ["1:74: error: @/signingAlg: signingAlg has no meaning without privateKeyFile"]),
    Row(
      "accepted: client_credentials",
      #""type":"oauth","grant":"client_credentials","clientId":"c","privateKeyFile":"k","signingAlg":"EdDSA""#, []),
  ]

  static let documents: [Row] = [
    Row(
      "15: capability aliases", #"{"capabilityAliases":{"a.x":"q","b.x":"q"},"mcpServers":{}}"#,
      [#"1:39: error: /capabilityAliases/b.x: "q" is the alias of both "a.x" and "b.x""#]),
    Row(
      "15: resource aliases", #"{"resourceAliases":{"a.x":"q","b.x":"q"},"mcpServers":{}}"#,
      [#"1:37: error: /resourceAliases/b.x: "q" is the alias of both "a.x" and "b.x""#]),
    Row(
      "15: prompt aliases", #"{"promptAliases":{"a.x":"q","b.x":"q"},"mcpServers":{}}"#,
      [#"1:35: error: /promptAliases/b.x: "q" is the alias of both "a.x" and "b.x""#]),
    Row("16: no JSON", #"{"mcpServers":{}"#, ["1:17: error: failed to parse config JSON: unexpected end of JSON"]),
    Row(
      "16: missing mcpServers", #"{"port":1}"#,
      [#"1:1: error: /mcpServers: missing required key "mcpServers" (it may be an empty object)"#]),
    Row(
      "an empty id", #"{"mcpServers":{"":{"command":"c"}}}"#,
      [#"1:16: error: /mcpServers/: server "": a server id must not be empty"#]),
    Row(
      "a repeated name", #"{"mcpServers":{"s":{"command":"c"},"s":{"command":"d"}}}"#,
      [#"1:36: error: /mcpServers/s: server "s": the name "s" is repeated in this object; it is first given on line 1"#]
    ),
    Row(
      "bind", #"{"bind":"example.org","mcpServers":{}}"#,
      [#"1:9: error: /bind: bind must be an IP address such as 127.0.0.1 or ::1, not "example.org""#]),
    Row(
      "warning: unknown key", #"{"prot":1,"mcpServers":{}}"#,
      [#"1:2: warning: /prot: unknown key "prot"; did you mean "port"?"#]),
    Row(
      "warning: wildcard", #"{"policy":{"deny":["*.delete"]},"mcpServers":{}}"#,
      [
        #"1:20: warning: /policy/deny/0: in "*.delete" only a "*" at the end is a wildcard; the others are compared "#
          + #"literally"#
      ]),
    Row(
      "warning: bind", #"{"bind":"0.0.0.0","mcpServers":{}}"#,
      [
        #"1:9: warning: /bind: bind "0.0.0.0" is not a loopback address, and requests are not authenticated"#,
        #"1:9: warning: /bind: bind "0.0.0.0" is not a loopback address, and allowedHosts is empty: only requests "#
          + #"that name a loopback host are answered"#,
      ]),
    Row(
      "warning: timeout", #"{"toolTimeoutMs":0,"mcpServers":{}}"#,
      ["1:18: warning: /toolTimeoutMs: toolTimeoutMs is 0: every operation times out at once"]),
    Row("accepted: alias of nothing", #"{"capabilityAliases":{"no.such":"q"},"mcpServers":{}}"#, []),
  ]

  @Test("each mistake gives its lines, its exit code and nothing else")
  func rules() async throws {
    let workspace = CLIWorkspace()
    let program = CLIProgram(in: workspace)
    for row in Self.servers {
      try await check(row, #"{"mcpServers":{"s":{\#(row.text)}}}"#, at: "/mcpServers/s", program)
    }
    for row in Self.auths {
      let text = #"{"mcpServers":{"s":{"url":"http://h","auth":{\#(row.text)}}}}"#
      try await check(row, text, at: "/mcpServers/s/auth", program)
    }
    for row in Self.documents { try await check(row, row.text, at: nil, program) }
  }

  /// With `--strict` an unknown key is an error; other warnings stay what they are.
  @Test func strict() async throws {
    let workspace = CLIWorkspace()
    let program = CLIProgram(in: workspace)
    try workspace.write(#"{"prot":1,"toolTimeoutMs":0,"mcpServers":{}}"#, to: "c.json")
    let result = try await program.run(["validate-config", "-c", "c.json", "--strict"])
    #expect(result.code == 1 && result.output.isEmpty)
    #expect(
      result.error
        == """
        c.json:1:2: error: /prot: unknown key "prot"; did you mean "port"?
        c.json:1:27: warning: /toolTimeoutMs: toolTimeoutMs is 0: every operation times out at once

        """)
  }

  @Test func aFileThatCannotBeRead() async throws {
    let workspace = CLIWorkspace()
    let result = try await CLIProgram(in: workspace).run(["validate-config", "-c", "missing.json"])
    #expect(result.code == 1 && result.output.isEmpty)
    #expect(
      result.error
        == "missing.json: error: failed to read config file missing.json: No such file or directory\n")
  }

  private func check(_ row: Row, _ text: String, at pointer: String?, _ program: CLIProgram) async throws {
    try program.workspace.write(text, to: "c.json")
    let result = try await program.run(["validate-config", "-c", "c.json"])
    let lines = row.lines.map { line in
      guard let pointer, let at = line.firstIndex(of: "@"), let colon = line[at...].firstRange(of: ": ") else {
        return line
      }
      return "\(line[..<at])\(pointer)\(line[line.index(after: at)..<colon.upperBound])"
        + (line[colon.upperBound...].hasPrefix("failed to parse") ? "" : #"server "s": "#) + line[colon.upperBound...]
    }
    #expect(result.error == lines.map { "c.json:\($0)\n" }.joined(), "\(row.name)")
    let isInvalid = row.lines.contains { $0.contains(": error: ") }
    #expect(result.code == (isInvalid ? 1 : 0), "\(row.name)")
    #expect(result.output.isEmpty == isInvalid, "\(row.name)")
    if !isInvalid { #expect(result.output.hasPrefix(#"{"ok":true,"config":"c.json","servers":"#), "\(row.name)") }
  }
}
