import Configuration
import Protocol
import Testing

@testable import Supervisor

/// What a server's entry becomes, or why it cannot be started (contract §6.2: `config_invalid`, `auth_missing`).
@Suite struct LaunchPlanTests {
  private static let environment = [
    ("TOKEN", "t0ken"), ("BLANK", ""), ("LINES", "a\nb"), ("HOST", "h.example"), ("https_proxy", "http://p:1"),
    ("NO_PROXY", "localhost"), ("all_proxy", ""), ("HOME", "/home/u"),
  ]

  private func settings(_ servers: String) throws -> SupervisorSettings {
    let configuration = try Configuration.parse(bytes: Array(#"{"mcpServers":\#(servers)}"#.utf8))
    let paths = try InstancePaths(
      configPath: "/etc/w/mcp_servers.json", environment: { _ in nil }, uid: 1, isUsable: { _ in true })
    return SupervisorSettings(
      configuration: configuration, paths: paths, programDirectory: "/bin", defaultDirectory: "/cwd",
      configurationDirectory: "/etc/w", environment: Self.environment.map { (name: $0.0, value: $0.1) }, startSlots: 1,
      credentialStore: { _ in CredentialStoreState(place: .none("not asked"), watched: [], entries: nil) })
  }

  private func launch(
    _ members: String, store: CredentialStorePlace? = .file("/data/mcp-auth.json")
  ) throws -> HTTPLaunch {
    let settings = try settings(#"{"s":{\#(members)}}"#)
    let entry = settings.configuration.servers[0]
    let launch = try LaunchPlan(entry, settings).launch(entry, settings, store: store, mark: "m", era: nil)
    guard case .http(let http) = launch.transport else { throw ServerFailure("not HTTP") }
    // What the supervisor sends is what the worker reads.
    var writer = JSONWriter()
    launch.write(to: &writer)
    #expect(try UpstreamLaunch(JSONSlice(validating: writer.bytes))?.transport == launch.transport)
    return http
  }

  private func failure(_ members: String, store: CredentialStorePlace = .file("/s")) -> ServerFailure? {
    #expect(throws: ServerFailure.self) { try launch(members, store: store) }
  }

  @Test func aPlainURL() throws {
    let http = try launch(#""url":"https://{env:HOST}/mcp?k=${TOKEN}""#)
    #expect(
      http
        == HTTPLaunch(
          url: "https://h.example/mcp?k=t0ken", proxies: ["https_proxy=http://p:1", "NO_PROXY=localhost"]))
  }

  @Test func everythingButAuth() throws {
    let http = try launch(
      #""url":"http://h","protocolVersion":"2025-06-18","allowStateless":true,"caFile":"ca/${HOST}.pem","#
        + #""headers":{"X-B":"2","x-a":"${TOKEN}"}"#)
    #expect(http.protocolVersion == .june2025)
    #expect(http.allowStateless == true)
    #expect(http.authorityFile == "/etc/w/ca/h.example.pem")
    #expect(http.headers == [HTTPLaunch.HeaderField("X-B", "2"), HTTPLaunch.HeaderField("x-a", "t0ken")])
  }

  @Test(arguments: [
    (#"{"type":"bearer","token":"abc"}"#, "Bearer abc"),
    (#"{"type":"bearer","tokenEnv":"TOKEN"}"#, "Bearer t0ken"),
    (#"{"type":"basic","username":"u","password":"p:ä"}"#, "Basic dTpwOsOk"),
    (#"{"type":"basic","username":"Aladdin","password":"open sesame"}"#, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
    (#"{"type":"basic","username":"u","passwordEnv":"TOKEN"}"#, "Basic dTp0MGtlbg=="),
  ])
  func fixedCredentials(_ auth: String, _ value: String) throws {
    #expect(try launch(#""url":"http://h","auth":\#(auth)"#).credentials == .fixed(value))
  }

  @Test func oauthWithALogin() throws {
    let http = try launch(#""url":"http://h","auth":{"type":"oauth","scope":"a b","issuer":"https://as"}"#)
    var oauth = OAuthLaunch(storePath: "/data/mcp-auth.json", storeKey: "s")
    oauth.scope = "a b"
    oauth.issuer = "https://as"
    #expect(http.credentials == .oauth(oauth))
  }

  @Test func oauthForTheClientItself() throws {
    let http = try launch(
      #""url":"http://h","auth":{"type":"oauth","grant":"client_credentials","clientId":"c","privateKeyFile":"k.pem","#
        + #""signingAlg":"PS256","tokenStoreKey":"k","tokenEndpoint":"https://as/t","authorizationServer":"https://as","#
        + #""resourceMetadataUrl":"https://h/rm","allowLoopback":true}"#)
    var oauth = OAuthLaunch(storePath: "/data/mcp-auth.json", storeKey: "k")
    oauth.grant = .clientCredentials
    oauth.clientID = "c"
    oauth.privateKeyFile = "/etc/w/k.pem"
    oauth.signingAlgorithm = "PS256"
    oauth.tokenEndpoint = "https://as/t"
    oauth.authorizationServer = "https://as"
    oauth.resourceMetadataURL = "https://h/rm"
    oauth.allowsLoopback = true
    #expect(http.credentials == .oauth(oauth))
  }

  @Test func aSecretOfTheEnvironment() throws {
    let http = try launch(#""url":"http://h","auth":{"type":"oauth","clientId":"c","clientSecretEnv":"TOKEN"}"#)
    guard case .oauth(let oauth) = http.credentials else { return #expect(Bool(false)) }
    #expect(oauth.clientSecret == "t0ken")
  }

  @Test(arguments: [
    (#""url":"h""#, "url: this is no absolute http or https URL"),
    (#""url":"http://${NONE}/""#, #"url: the variable "NONE" is not set"#),
    (#""url":"http://h","headers":{"A B":"1"}"#, "headers.A B: this cannot be the name of a header"),
    (#""url":"http://h","headers":{"A":"${LINES}"}"#, "headers.A: a header value cannot contain control characters"),
    (#""url":"http://h","protocolVersion":"2025-01-01""#, "protocolVersion: this is none of 2024-11-05, 2025-03-26,"),
    (#""url":"http://h","protocolVersion":"""#, "protocolVersion: this is none of "),
    (#""url":"http://h","protocolVersion":"2026-07-28","allowStateless":false"#, "allowStateless: false demands a "),
    (#""url":"http://h","auth":{"type":"bearer","tokenEnv":"LINES"}"#, "auth: the token cannot be put into a header"),
    (#""url":"http://h","auth":{"type":"bearer","token":" t"}"#, "auth: the token cannot be put into a header"),
    (#""url":"http://h","auth":{"type":"basic","username":"a:b","password":"p"}"#, "auth: a username with a colon"),
    (#""url":"http://h","auth":{"type":"basic","username":"a","passwordEnv":"LINES"}"#, "auth: a username or password"),
  ])
  func whatCannotBeUsed(_ members: String, _ detail: String) {
    let failure = failure(members)
    #expect(failure?.code == .configInvalid)
    #expect(failure?.detail.hasPrefix(detail) == true, "\(failure?.detail ?? "")")
    #expect(failure?.detail.contains("a\nb") == false)
  }

  @Test(arguments: [
    #"{"type":"bearer","tokenEnv":"NONE"}"#, #"{"type":"bearer","tokenEnv":"BLANK"}"#,
    #"{"type":"basic","username":"u","passwordEnv":"NONE"}"#,
    #"{"type":"oauth","clientId":"c","clientSecretEnv":"NONE"}"#,
  ])
  func aSecretThatIsNotThere(_ auth: String) {
    let failure = failure(#""url":"http://h","auth":\#(auth)"#)
    #expect(failure?.code == .authMissing)
    #expect(failure?.detail.hasPrefix("lacks the variable ") == true)
  }

  @Test func aStoreThatHasNoPlace() {
    let failure = failure(
      #""url":"http://h","auth":{"type":"oauth"}"#, store: CredentialStorePlace.none("HOME is not set"))
    #expect(failure == ServerFailure("has no credentials at hand: HOME is not set", code: .authStoreUnavailable))
    #expect(throws: Never.self) { try launch(#""url":"http://h""#, store: nil) }
  }
}
