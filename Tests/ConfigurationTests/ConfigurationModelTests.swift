import Configuration
import Protocol
import Testing

@Suite struct ConfigurationModelTests {
  @Test func theDocumentedExampleIsValidWithoutWarnings() throws {
    let configuration = try configuration(
      """
      { "port": 9090, "toolTimeoutMs": 15000,
        "capabilityAliases": { "sqlite.read_query": "db.query" }, "promptAliases": { "docs.code_review": "prompt.code-review" },
        "policy": { "allow": ["db.*", "fs.*", "prompt.*"], "deny": ["fs.secret"], "redactKeys": ["token", "api_key", "password"] },
        "mcpServers": {
          "sqlite": { "command": "npx", "args": ["-y", "@modelcontextprotocol/server-sqlite", "./test.db"] },
          "docs":   { "url": "https://mcp.example.com/mcp", "headers": { "X-Tenant": "acme" }, "auth": { "type": "bearer", "tokenEnv": "DOCS_TOKEN" } },
          "figma":  { "url": "https://mcp.figma.com/mcp", "auth": { "type": "oauth", "scope": "file_content:read" } } } }
      """)
    #expect(configuration.warnings == [])
    #expect(configuration.port == 9090)
    #expect(configuration.capabilityAliases.publicID(of: "sqlite.read_query") == "db.query")
    #expect(configuration.capabilityAliases.publicID(of: "sqlite.other") == "sqlite.other")
    #expect(configuration.promptAliases.publicIDs == ["docs.code_review": "prompt.code-review"])
    #expect(configuration.policy.allow == ["db.*", "fs.*", "prompt.*"])
    #expect(configuration.policy.deny == ["fs.secret"])
    #expect(configuration.policy.redactKeys == ["token", "api_key", "password"])
    #expect(configuration.servers.map(\.id) == ["sqlite", "docs", "figma"])
    var sqlite = StdioEntry(command: "npx")
    sqlite.args = ["-y", "@modelcontextprotocol/server-sqlite", "./test.db"]
    #expect(configuration.servers[0].transport == .stdio(sqlite))
    var docs = HTTPEntry(url: "https://mcp.example.com/mcp")
    docs.headers = [NamedValue("X-Tenant", "acme")]
    docs.auth = .bearer(token: .variable("DOCS_TOKEN"))
    #expect(configuration.servers[1].transport == .http(docs))
    var figma = HTTPEntry(url: "https://mcp.figma.com/mcp")
    var oauth = OAuthSettings(tokenStoreKey: "figma")
    oauth.scope = "file_content:read"
    figma.auth = .oauth(oauth)
    #expect(configuration.servers[2].transport == .http(figma))
    #expect(configuration.secretVariables == ["DOCS_TOKEN"])
  }

  @Test func mcpOverHTTPHasItsKeys() throws {
    let configuration = try configuration(
      """
      {"profiles":{"work":{}},"mcp":{"http":true,"sse":true,"sessionIdleSeconds":60,"maxSessions":5,"sseKeepAliveMs":0},"mcpServers":{},
       "mcpHttpServer":{"port":0,"bind":"::1","jsonResponse":true,"profile":"work","allowedHosts":["h"],
       "allowedOrigins":["https://o"],"sseKeepAliveMs":1}}
      """)
    #expect(configuration.warnings == [])
    var mcp = MCPSettings()
    (mcp.http, mcp.sse, mcp.sessionIdleSeconds, mcp.maxSessions, mcp.sseKeepAliveMs) = (true, true, 60, 5, 0)
    #expect(configuration.mcp == mcp)
    var server = MCPServerSettings()
    (server.port, server.bind, server.jsonResponse, server.profile) = (0, "::1", true, "work")
    (server.allowedHosts, server.allowedOrigins, server.sseKeepAliveMs) = (["h"], ["https://o"], 1)
    #expect(configuration.mcpHTTPServer == server)
    let empty = try ConfigurationTests.configuration(#"{"mcpHttpServer":{},"mcpServers":{}}"#)
    #expect(empty.mcpHTTPServer == MCPServerSettings())
  }

  @Test(
    arguments: [
      (nil, "127.0.0.1", true), (nil, "::1", true), (nil, "127.1.2.3", true), (nil, "0.0.0.0", false),
      (nil, "::", false),
      (true, "0.0.0.0", true), (false, "127.0.0.1", false),
    ] as [(Bool?, String, Bool)])
  func mcpIsServedOnLoopbackUnlessToldOtherwise(http: Bool?, bind: String, isServed: Bool) {
    var settings = MCPSettings()
    settings.http = http
    #expect(settings.isServed(at: bind) == isServed)
  }

  @Test func defaultsAreThoseOfTheContract() throws {
    let configuration = try configuration(#"{"$schema":"x.json","mcpServers":{"s":{"command":"c"}}}"#)
    #expect(configuration.warnings == [])
    #expect(configuration.port == 9090)
    #expect(configuration.bind == "127.0.0.1")
    #expect(configuration.allowedHosts == [])
    #expect(configuration.allowedOrigins == [])
    #expect(configuration.maxBodyBytes == 4_194_304)
    #expect(configuration.toolTimeoutMs == 15_000)
    #expect(configuration.listWaitMs == 5_000)
    #expect(configuration.authStorePath == nil)
    #expect(configuration.policy == PolicySettings())
    let daemon = configuration.daemon
    #expect(daemon.idleExitSeconds == 1800)
    #expect(daemon.workerOrphanSeconds == 300)
    #expect(daemon.probeSeconds == 30)
    #expect(daemon.startSeconds == 60)
    #expect(daemon.discoverMs == 10_000)
    #expect(daemon.startsPerCore == 2)
    #expect(daemon.stopGraceMs == 2_000)
    #expect(configuration.mcp == MCPSettings())
    #expect(configuration.mcp.sessionIdleSeconds == 1800 && configuration.mcp.maxSessions == 10_000)
    #expect(configuration.mcpHTTPServer == nil)
    let server = try #require(configuration.servers.first)
    #expect(!server.disabled)
    #expect(server.timeoutMs == nil)
    #expect(configuration.timeoutMs(of: server) == 15_000)
    #expect(server.transport == .stdio(StdioEntry(command: "c")))
  }

  @Test func everyKeyIsRead() throws {
    let configuration = try configuration(
      """
      {"port":0,"bind":"::1","allowedHosts":["a:1"],"allowedOrigins":["https://o"],"maxBodyBytes":10,"toolTimeoutMs":20,
       "listWaitMs":30,"authStorePath":"store.json","resourceAliases":{"s.u":"r"},
       "daemon":{"idleExitSeconds":0,"workerOrphanSeconds":1,"probeSeconds":2,"startSeconds":3,"discoverMs":4,
                 "startsPerCore":5,"stopGraceMs":6},
       "mcpServers":{
         "a":{"command":"c","env":{"B":"2","A":"1"},"cwd":"/d","disabled":true,"timeout":40,"type":"stdio"},
         "b":{"url":"u","protocolVersion":"2025-06-18","allowStateless":false,"transport":"sse",
              "auth":{"type":"basic","username":"n","password":" "}},
         "c":{"url":"u","type":"streamableHttp","auth":{"type":"oauth","clientId":"i","clientName":"n",
              "clientSecretEnv":"S","clientMetadataUrl":"https://m/c.json","redirectUri":"r","scope":"a b","tokenStoreKey":"k",
              "authorizationServer":"as","resourceMetadataUrl":"rm","authorizationEndpoint":"ae","tokenEndpoint":"te",
              "registrationEndpoint":"re","codeChallengeMethodsSupported":["S256"],"issuer":"https://as",
              "allowLoopback":true},"caFile":"ca.pem"},
         "d":{"url":"u","auth":{"type":"oauth","grant":"client_credentials","clientId":"i","privateKeyFile":"k.pem",
              "signingAlg":"PS256"}}}}
      """)
    #expect(configuration.warnings == [])
    #expect(configuration.port == 0)
    #expect(configuration.bind == "::1")
    #expect(configuration.allowedHosts == ["a:1"])
    #expect(configuration.allowedOrigins == ["https://o"])
    #expect(configuration.maxBodyBytes == 10)
    #expect(configuration.toolTimeoutMs == 20)
    #expect(configuration.listWaitMs == 30)
    #expect(configuration.authStorePath(relativeTo: "/etc") == "/etc/store.json")
    #expect(configuration.resourceAliases.publicIDs == ["s.u": "r"])
    let daemon = configuration.daemon
    #expect(
      [
        daemon.idleExitSeconds, daemon.workerOrphanSeconds, daemon.probeSeconds, daemon.startSeconds,
        daemon.discoverMs, daemon.startsPerCore, daemon.stopGraceMs,
      ] == [0, 1, 2, 3, 4, 5, 6])

    var stdio = StdioEntry(command: "c")
    stdio.env = [NamedValue("B", "2"), NamedValue("A", "1")]
    stdio.cwd = "/d"
    #expect(configuration.servers[0].transport == .stdio(stdio))
    #expect(configuration.servers[0].disabled)
    #expect(configuration.timeoutMs(of: configuration.servers[0]) == 40)

    var basic = HTTPEntry(url: "u")
    basic.protocolVersion = "2025-06-18"
    basic.allowStateless = false
    basic.auth = .basic(username: "n", password: .text(" "))
    #expect(configuration.servers[1].transport == .http(basic))

    var oauth = OAuthSettings(tokenStoreKey: "k")
    oauth.clientID = "i"
    oauth.clientName = "n"
    oauth.clientSecret = .variable("S")
    oauth.clientMetadataURL = "https://m/c.json"
    oauth.redirectURI = "r"
    oauth.scope = "a b"
    oauth.authorizationServer = "as"
    oauth.resourceMetadataURL = "rm"
    oauth.authorizationEndpoint = "ae"
    oauth.tokenEndpoint = "te"
    oauth.registrationEndpoint = "re"
    oauth.codeChallengeMethodsSupported = ["S256"]
    oauth.issuer = "https://as"
    oauth.allowsLoopback = true
    var http = HTTPEntry(url: "u")
    http.auth = .oauth(oauth)
    http.caFile = "ca.pem"
    #expect(configuration.servers[2].transport == .http(http))

    var machine = OAuthSettings(tokenStoreKey: "d")
    machine.grant = .clientCredentials
    machine.clientID = "i"
    machine.privateKeyFile = "k.pem"
    machine.signingAlgorithm = "PS256"
    http = HTTPEntry(url: "u")
    http.auth = .oauth(machine)
    #expect(configuration.servers[3].transport == .http(http))
    #expect(configuration.secretVariables == ["S"])
  }

  @Test func nullMeansAbsentForScalarsPolicyAndAuth() throws {
    let configuration = try configuration(
      """
      {"port":null,"bind":null,"maxBodyBytes":null,"toolTimeoutMs":null,"listWaitMs":null,"authStorePath":null,
       "policy":null,"daemon":{"probeSeconds":null},
       "mcpServers":{"h":{"url":"u","command":null,"cwd":null,"protocolVersion":null,"allowStateless":null,"auth":null,
         "type":null,"transport":null,"disabled":null,"timeout":null},
         "s":{"command":"c","url":"  ","auth":null,"headers":{},"protocolVersion":null,"allowStateless":null},
         "o":{"url":"u","auth":{"type":"oauth","clientId":null,"clientSecret":"","clientSecretEnv":"E"}}}}
      """)
    #expect(configuration.warnings == [])
    #expect(configuration.port == 9090)
    #expect(configuration.daemon == DaemonSettings())
    #expect(configuration.servers[0].transport == .http(HTTPEntry(url: "u")))
    #expect(configuration.servers[1].transport == .stdio(StdioEntry(command: "c")))
    guard case .http(let entry) = configuration.servers[2].transport, case .oauth(let oauth) = entry.auth else {
      Issue.record("expected oauth")
      return
    }
    #expect(oauth.clientName == "warmplane")
    #expect(oauth.redirectURI == "http://127.0.0.1:8788/callback")
    #expect(oauth.tokenStoreKey == "o")
    #expect(oauth.clientSecret == .variable("E"))
  }

  @Test func longDurationsAreShortened() throws {
    let configuration = try configuration(#"{"toolTimeoutMs":9999999999999,"mcpServers":{}}"#)
    #expect(configuration.toolTimeoutMs == Int(Int32.max))
  }

  @Test func aByteOrderMarkIsIgnored() throws {
    let configuration = try Configuration.parse(bytes: [0xEF, 0xBB, 0xBF] + Array(#"{"mcpServers":{}}"#.utf8))
    #expect(configuration.servers.isEmpty)
  }

  @Test(arguments: [
    // Only whitespace between tokens: the same entry.
    (#"{"command":"c","args":["a b"]}"#, "{ \"command\" :\n\t\"c\", \"args\": [ \"a b\" ] }", true),
    // A space inside a string, also after an escaped quote.
    (#"{"command":"c","args":["a b"]}"#, #"{"command":"c","args":["ab"]}"#, false),
    (#"{"command":"c","args":["\" b"]}"#, #"{"command":"c","args":["\"b"]}"#, false),
    (#"{"command":"c"}"#, #"{"command":"d"}"#, false),
    (#"{"command":"c"}"#, #"{"command":"c","cwd":"/"}"#, false),
    (#"{"command":"c"}"#, #"{"command":"c","disabled":true}"#, false),
    (#"{"command":"c","args":["a","b"]}"#, #"{"command":"c","args":["b","a"]}"#, false),
    // Deadlines count at once and need no new process.
    (#"{"command":"c"}"#, #"{"command":"c","timeout":1}"#, true),
    (#"{"command":"c","timeout":2}"#, #"{"timeout":1,"command":"c"}"#, true),
  ])
  func theFingerprintOfAServerCoversItsContent(_ one: String, _ other: String, _ isSame: Bool) throws {
    let first = try configuration(#"{"mcpServers":{"s":\#(one)}}"#).servers[0].fingerprint
    let second = try configuration(#"{"port":1,"mcpServers":{"s":\#(other)}}"#).servers[0].fingerprint
    #expect(first.utf8.count == 32)
    #expect((first == second) == isSame)
  }
}
