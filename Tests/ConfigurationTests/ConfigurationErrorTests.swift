import Configuration
import Testing

/// The numbers are those of the table of errors in the contract.
@Suite struct ConfigurationErrorTests {
  @Test(arguments: [
    // 1, 2
    (
      #""command":"c","url":"u""#,
      ["/mcpServers/s: server \"s\": both command and url are given, which is ambiguous; configure exactly one"]
    ),
    ("", ["/mcpServers/s: server \"s\": neither command nor url is given; configure exactly one"]),
    (
      #""command":" ","url":"""#,
      ["/mcpServers/s: server \"s\": neither command nor url is given; configure exactly one"]
    ),
    // 3-6
    (
      #""command":"c","auth":{"type":"none"}"#,
      ["/mcpServers/s/auth: server \"s\": a stdio server (command) cannot have auth"]
    ),
    (
      #""command":"c","headers":{"A":"1"}"#,
      ["/mcpServers/s/headers: server \"s\": a stdio server (command) cannot have headers"]
    ),
    (
      #""command":"c","protocolVersion":"2025-11-25""#,
      ["/mcpServers/s/protocolVersion: server \"s\": a stdio server (command) cannot have protocolVersion"]
    ),
    (
      #""command":"c","allowStateless":false"#,
      ["/mcpServers/s/allowStateless: server \"s\": a stdio server (command) cannot have allowStateless"]
    ),
    (
      #""command":"c","caFile":"ca.pem""#,
      ["/mcpServers/s/caFile: server \"s\": a stdio server (command) cannot have caFile"]
    ),
    (#""url":"u","caFile":" ""#, ["/mcpServers/s/caFile: server \"s\": caFile is blank; give a value or leave it out"]),
    // 14
    (
      #""command":"c","type":"http""#,
      [
        "/mcpServers/s/type: server \"s\": type \"http\" contradicts command, which makes this a stdio server"
      ]
    ),
    (
      #""url":"u","transport":"stdio""#,
      [
        "/mcpServers/s/transport: server \"s\": transport \"stdio\" contradicts url, which makes this an HTTP server"
      ]
    ),
    (
      #""url":"u","type":"ws""#,
      [
        "/mcpServers/s/type: server \"s\": unknown type \"ws\"; it is \"stdio\" with command, or one of \"http\", "
          + "\"streamable-http\", \"streamableHttp\", \"sse\" with url"
      ]
    ),
  ])
  func transport(_ members: String, _ expected: [String]) {
    #expect(serverFindings(members).map(withoutPosition) == expected)
  }

  @Test(arguments: [
    // 7
    (#""type":"bearer""#, [": auth type \"bearer\" needs token or tokenEnv; configure exactly one"]),
    (
      #""type":"bearer","token":"","tokenEnv":" ""#,
      [": auth type \"bearer\" needs token or tokenEnv; configure exactly one"]
    ),
    (
      #""type":"bearer","token":" ","tokenEnv":"T""#,
      [": auth type \"bearer\" has both token and tokenEnv; configure exactly one"]
    ),
    // 8
    (
      #""type":"basic","password":"p""#, [": auth type \"basic\" needs a username that is not blank"]
    ),
    (
      #""type":"basic","username":" ","passwordEnv":"P""#,
      ["/username: auth type \"basic\" needs a username that is not blank"]
    ),
    // 9
    (
      #""type":"basic","username":"u""#,
      [": auth type \"basic\" needs password or passwordEnv; configure exactly one"]
    ),
    (
      #""type":"basic","username":"u","password":"p","passwordEnv":"P""#,
      [": auth type \"basic\" has both password and passwordEnv; configure exactly one"]
    ),
    // 10-13
    (#""type":"oauth","clientId":"""#, ["/clientId: clientId is blank; give a value or leave it out"]),
    (#""type":"oauth","clientName":" ""#, ["/clientName: clientName is blank; give a value or leave it out"]),
    (
      #""type":"oauth","clientSecret":" ","clientSecretEnv":"S""#,
      [": auth has both clientSecret and clientSecretEnv; configure at most one"]
    ),
    (
      #""type":"oauth","codeChallengeMethodsSupported":["S256","\t"]"#,
      ["/codeChallengeMethodsSupported/1: codeChallengeMethodsSupported has a blank item"]
    ),
    // A missing or other type
    (#""token":"t""#, [": auth has no type; it is \"bearer\", \"basic\" or \"oauth\""]),
    (
      #""type":"oauth2""#, ["/type: unknown auth type \"oauth2\"; it is \"bearer\", \"basic\" or \"oauth\""]
    ),
  ])
  func auth(_ members: String, _ expected: [String]) {
    let found = serverFindings(#""url":"u","auth":{\#(members)}"#).map(withoutPosition)
    #expect(
      found == expected.map { "/mcpServers/s/auth\($0)".replacingFirst(": ", with: ": server \"s\": ") })
  }

  /// What a client proves itself with, and which URLs it trusts.
  @Test(arguments: [
    (
      #""grant":"password""#,
      ["/grant: unknown grant \"password\"; it is \"authorization_code\" or \"client_credentials\""]
    ),
    (
      #""grant":"client_credentials""#,
      [
        ": grant \"client_credentials\" needs clientId",
        ": grant \"client_credentials\" needs clientSecret, clientSecretEnv or privateKeyFile; configure exactly one",
      ]
    ),
    (
      #""grant":"client_credentials","clientId":"c","clientSecret":"","clientSecretEnv":" ""#,
      [": grant \"client_credentials\" needs clientSecret, clientSecretEnv or privateKeyFile; configure exactly one"]
    ),
    (
      #""grant":"client_credentials","clientId":"c","clientSecret":"s","privateKeyFile":"k.pem""#,
      [
        "/privateKeyFile: auth has both a client secret and privateKeyFile; grant \"client_credentials\" takes exactly one"
      ]
    ),
    (
      #""grant":"client_credentials","clientId":"c","clientSecret":"s","clientSecretEnv":"S""#,
      [": auth has both clientSecret and clientSecretEnv; configure at most one"]
    ),
    (
      #""grant":"client_credentials","clientId":"c","privateKeyFile":" ""#,
      ["/privateKeyFile: privateKeyFile is blank; give a value or leave it out"]
    ),
    (#""privateKeyFile":"k.pem""#, ["/privateKeyFile: privateKeyFile needs grant \"client_credentials\""]),
    (#""signingAlg":"ES256""#, ["/signingAlg: signingAlg has no meaning without privateKeyFile"]),
    (
      #""grant":"client_credentials","clientId":"c","privateKeyFile":"k.pem","signingAlg":"HS256""#,
      ["/signingAlg: unknown signingAlg \"HS256\"; it is one of ES256, EdDSA, PS256, RS256"]
    ),
    (
      #""issuer":"http://as.example""#,
      ["/issuer: issuer must be an https URL (http only for a loopback address) without query and fragment"]
    ),
    (
      #""issuer":"https://as.example/?a""#,
      ["/issuer: issuer must be an https URL (http only for a loopback address) without query and fragment"]
    ),
    (
      #""clientMetadataUrl":"http://127.0.0.1/client.json""#,
      ["/clientMetadataUrl: clientMetadataUrl must be an https URL with a path and without fragment"]
    ),
    (
      #""clientMetadataUrl":"https://c.example""#,
      ["/clientMetadataUrl: clientMetadataUrl must be an https URL with a path and without fragment"]
    ),
    (#""issuer":"http://[::1]:9/x","clientMetadataUrl":"https://c.example/","allowLoopback":true"#, []),
    (#""grant":"client_credentials","clientId":"c","privateKeyFile":"k.pem","signingAlg":"EdDSA""#, []),
    (#""grant":"authorization_code","clientId":"c","clientSecretEnv":"S""#, []),
  ])
  func oauth(_ members: String, _ expected: [String]) {
    let found = serverFindings(#""url":"u","auth":{"type":"oauth",\#(members)}"#).map(withoutPosition)
    #expect(
      found == expected.map { "/mcpServers/s/auth\($0)".replacingFirst(": ", with: ": server \"s\": ") })
  }

  @Test(arguments: [
    "redirectUri", "scope", "tokenStoreKey", "authorizationServer", "resourceMetadataUrl", "authorizationEndpoint",
    "tokenEndpoint", "registrationEndpoint", "clientMetadataUrl", "issuer",
  ])
  func blankOAuthMember(_ key: String) {
    #expect(
      serverFindings(#""url":"u","auth":{"type":"oauth","\#(key)":" \n"}"#.replacingFirst("\n", with: "\\n"))
        .map(withoutPosition) == [
          "/mcpServers/s/auth/\(key): server \"s\": \(key) is blank; give a value or leave it out"
        ])
  }

  @Test(arguments: [
    // 15
    (
      #"{"capabilityAliases":{"a.x":"q","b.x":"q"},"mcpServers":{}}"#,
      [#"1:39: error: /capabilityAliases/b.x: "q" is the alias of both "a.x" and "b.x""#]
    ),
    // The same public id in maps of different kinds is no conflict.
    (
      #"{"capabilityAliases":{"a.x":"q"},"resourceAliases":{"a.x":"q"},"promptAliases":{"a.x":"q"},"mcpServers":{}}"#,
      []
    ),
    // 16
    ("", ["1:1: error: failed to parse config JSON: no JSON value"]),
    ("{", ["1:2: error: failed to parse config JSON: unexpected end of JSON"]),
    (
      "{\"mcpServers\":{}, // hello\n}",
      ["1:19: error: failed to parse config JSON: expected a member name in double quotes (comments are not allowed)"]
    ),
    (
      "{\"mcpServers\":{},\n}",
      ["2:1: error: failed to parse config JSON: expected a member name in double quotes (a comma too many)"]
    ),
    ("[]", ["1:1: error: failed to parse config JSON: expected an object, found an array"]),
    ("{}", [#"1:1: error: /mcpServers: missing required key "mcpServers" (it may be an empty object)"#]),
    (
      #"{"mcpServers":null}"#,
      ["1:15: error: /mcpServers: failed to parse config JSON: expected an object, found null"]
    ),
    (
      #"{"mcpServers":{"":{"command":"c"}}}"#,
      [#"1:16: error: /mcpServers/: server "": a server id must not be empty"#]
    ),
    (
      #"{"bind":"localhost","mcpServers":{}}"#,
      [#"1:9: error: /bind: bind must be an IP address such as 127.0.0.1 or ::1, not "localhost""#]
    ),
  ])
  func document(_ text: String, _ expected: [String]) {
    #expect(findings(in: text) == expected)
  }

  @Test func unreadableFiles() throws {
    let missing = #expect(throws: ConfigurationFailure.self) {
      try Configuration.load(path: "/nonexistent/mcp_servers.json")
    }
    #expect(
      missing?.description
        == "/nonexistent/mcp_servers.json: error: failed to read config file /nonexistent/mcp_servers.json: "
        + "No such file or directory")
    let directory = #expect(throws: ConfigurationFailure.self) { try Configuration.load(path: "/") }
    #expect(directory?.problems.map(\.message) == ["failed to read config file /: not a regular file"])
    #expect(directory?.problems.first?.line == nil)
    // Claims size 0 and is endless: the bound must not come from the size.
    let device = #expect(throws: ConfigurationFailure.self) { try Configuration.load(path: "/dev/zero") }
    #expect(device?.problems.map(\.message) == ["failed to read config file /dev/zero: not a regular file"])
  }
}
