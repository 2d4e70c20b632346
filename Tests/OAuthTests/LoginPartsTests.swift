import Foundation
import Protocol
import TestSupport
import Testing

@testable import OAuth

/// The answers of the browser, clients and scopes.
struct LoginPartsTests {
  // MARK: The answer

  struct Answer: Sendable, CustomTestStringConvertible {
    var query: String
    var issuer: String?
    var requires: Bool
    var expected: AuthorizationResponse?
    var says = ""
    var testDescription: String { query }
  }

  static let answers: [Answer] = [
    Answer(query: "code=C&state=S", requires: false, expected: .code("C")),
    Answer(query: "state=S&code=a%2Bb+c", requires: false, expected: .code("a+b c")),
    Answer(query: "code=C", requires: false, expected: .foreign),
    Answer(query: "code=C&state=s", requires: false, expected: .foreign),
    Answer(query: "code=C&state=S&state=S", requires: false, expected: .foreign),
    Answer(query: "error=access_denied&state=x", requires: false, expected: .foreign),
    Answer(query: "state=S", requires: false, expected: .withoutCode),
    Answer(query: "state=S&code=", requires: false, expected: .withoutCode),
    Answer(query: "state=S&code=A&code=B", requires: false, expected: .withoutCode),
    Answer(
      query: "error=access_denied&error_description=no%20way&state=S", requires: false, says: "(access_denied): no way"),
    // The table of RFC 9207: announced or not, present or not.
    Answer(query: "code=C&state=S&iss=https://as", issuer: "https://as", requires: true, expected: .code("C")),
    Answer(query: "code=C&state=S", issuer: "https://as", requires: true, says: "does not name its issuer"),
    Answer(query: "code=C&state=S&iss=https%3A%2F%2Fas", issuer: "https://as", requires: false, expected: .code("C")),
    Answer(query: "code=C&state=S", issuer: "https://as", requires: false, expected: .code("C")),
    Answer(query: "code=C&state=S&iss=https://as/", issuer: "https://as", requires: false, says: "another issuer"),
    Answer(query: "code=C&state=S&iss=https://AS", issuer: "https://as", requires: true, says: "another issuer"),
    Answer(query: "code=C&state=S&iss=https://as:443", issuer: "https://as", requires: true, says: "another issuer"),
    Answer(query: "code=C&state=S&iss=", issuer: "https://as", requires: false, says: "another issuer"),
    Answer(
      query: "code=C&state=S&iss=https://as&iss=https://b", issuer: "https://as", requires: false,
      says: "more than once"),
    Answer(query: "code=C&state=S&iss=https://as", requires: false, says: "none is known to compare it with"),
  ]

  @Test(arguments: answers)
  func answer(_ row: Answer) {
    let response = AuthorizationResponse(
      FormEncoding.decode(row.query), .init(state: "S", issuer: row.issuer, requiresIssuer: row.requires))
    if let expected = row.expected {
      #expect(response == expected)
    } else if case .failed(let text) = response {
      #expect(text.contains(row.says))
    } else {
      Issue.record("not failed: \(response)")
    }
  }

  /// An error of who may be somebody else is not shown.
  @Test func errorsOfOthersAreHidden() {
    let response = AuthorizationResponse(
      FormEncoding.decode("error=secret&state=S&iss=https://evil"),
      .init(state: "S", issuer: "https://as", requiresIssuer: true))
    guard case .failed(let text) = response else {
      Issue.record("not failed")
      return
    }
    #expect(!text.contains("secret"))
  }

  // MARK: Scope

  @Test func scopeOfALogin() throws {
    var profile = try OAuthProfile.sample()
    var record = DiscoveryRecord()
    var entry = StoreEntry()
    func text() -> String? { ScopeList.forLogin(profile, record, entry).text }
    #expect(text() == nil)
    record.scopesSupported = ["as"]
    record.offlineAccessSupported = true
    #expect(text() == nil)
    record.resourceScopesSupported = ["r1", "r2"]
    #expect(text() == "r1 r2 offline_access")
    record.offlineAccessSupported = false
    #expect(text() == "r1 r2")
    record.initialScope = "c"
    #expect(text() == "c")
    profile.scope = "b a"
    #expect(text() == "b a")
    entry.tokens = StoredTokens(accessToken: "T", scope: "a old")
    #expect(text() == "b a")
    entry.challengedScope = "new a"
    #expect(text() == "b a old new")
  }

  @Test func scopeLists() {
    #expect(ScopeList(" a  b a \"q\" \u{1}").names == ["a", "b"])
    #expect(ScopeList("").text == nil)
    #expect(ScopeList("a b").covers(ScopeList("b")))
    #expect(!ScopeList("a").covers(ScopeList("a b")))
    #expect(ScopeList((0..<1000).map(String.init)).names.count == ScopeList.most)
  }

  // MARK: Clients

  @Test func identityInOrder() throws {
    var profile = try OAuthProfile.sample()
    var record = DiscoveryRecord()
    record.authorizationServer = "https://as"
    var entry = StoreEntry()
    func identity() -> ClientIdentity { ClientIdentity(profile, record, entry, now: 100) }
    guard case .impossible(let text) = identity() else {
      Issue.record("there is no client")
      return
    }
    #expect(text.contains("configure its clientId"))
    record.registrationEndpoint = "https://as/r"
    #expect(identity() == .register(endpoint: "https://as/r"))
    profile.clientMetadataURL = "https://me/client.json"
    #expect(identity() == .register(endpoint: "https://as/r"))
    record.clientIDMetadataDocumentSupported = true
    #expect(identity() == .known(StoredClient(clientID: "https://me/client.json")))
    let stored = StoredClient(clientID: "stored", clientSecret: "s", secretExpiresAt: 101)
    entry.clientInfo = stored
    entry.discovery = record
    #expect(identity() == .known(stored))
    entry.clientInfo?.secretExpiresAt = 100
    #expect(identity() == .known(StoredClient(clientID: "https://me/client.json")))
    entry.clientInfo = stored
    entry.serverURL = "https://other/mcp"
    #expect(identity() != .known(stored))
    entry.serverURL = nil
    entry.discovery?.authorizationServer = "https://old"
    #expect(identity() != .known(stored))
    entry.discovery = record
    // Registered for less, or for elsewhere.
    func identity(asking scope: String) -> ClientIdentity {
      ClientIdentity(profile, record, entry, scope: ScopeList(scope), now: 100)
    }
    profile.clientMetadataURL = nil
    #expect(identity(asking: "a") == .known(stored))
    entry.clientInfo?.registeredScope = "a b"
    #expect(identity(asking: "b a") != .register(endpoint: "https://as/r"))
    #expect(identity(asking: "a c") == .register(endpoint: "https://as/r"))
    entry.clientInfo?.registeredScope = ""
    #expect(identity(asking: "") != .register(endpoint: "https://as/r"))
    entry.clientInfo?.registeredRedirectURI = "http://127.0.0.1:1/x"
    #expect(identity(asking: "") == .register(endpoint: "https://as/r"))
    #expect(identity() == .known(try #require(entry.clientInfo)))
    profile.clientID = "configured"
    profile.clientSecret = "cs"
    #expect(identity() == .known(StoredClient(clientID: "configured", clientSecret: "cs")))
    profile.issuer = "https://as/"
    #expect(
      identity() == .impossible("the authorization server is https://as, but auth.issuer permits https://as/ only"))
  }

  private func registration(_ methods: [String]?, scope: String? = nil) -> ClientRegistration {
    ClientRegistration(
      clientName: "warmplane", redirectURI: "http://127.0.0.1:8788/callback", scope: ScopeList(scope),
      supportedMethods: methods)
  }

  @Test func registrationRequest() {
    let start =
      #"{"client_name":"warmplane","redirect_uris":["http://127.0.0.1:8788/callback"],"#
      + #""grant_types":["authorization_code","refresh_token"],"response_types":["code"],"application_type":"native""#
    func text(_ methods: [String]?, scope: String? = nil) -> String {
      String(decoding: registration(methods, scope: scope).body, as: UTF8.self)
    }
    #expect(text(nil) == "\(start)}")
    #expect(text(nil, scope: "a b") == start + #","scope":"a b"}"#)
    #expect(text(["client_secret_post", "none"]) == start + #","token_endpoint_auth_method":"none"}"#)
    #expect(text(["client_secret_post"]) == start + #","token_endpoint_auth_method":"client_secret_post"}"#)
    #expect(text(["private_key_jwt"]) == "\(start)}")
  }

  /// What the user guide tells operators to publish fits the defaults.
  @Test func exampleOfAMetadataDocument() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let bytes = try Data(contentsOf: root.appendingPathComponent("examples/client-metadata.json"))
    let document = try JSONSlice(validating: Array(bytes))
    let profile = try OAuthProfile.sample()
    #expect(document.member("redirect_uris")?.elements.map(\.string) == [profile.redirectURI])
    #expect(document.member("client_name")?.string == profile.clientName)
    #expect(document.member("token_endpoint_auth_method")?.string == "none")
    #expect(document.member("client_id")?.string.flatMap { HTTPURL($0) }?.isSecure == true)
  }

  @Test func registrationAnswers() throws {
    func client(_ text: String) throws -> StoredClient { try registration(nil).client(Array(text.utf8)) }
    let full = try client(
      #"""
      {"client_id":"C","client_secret":"S","client_id_issued_at":5,"client_secret_expires_at":0,"grant_types":
       ["authorization_code"],"redirect_uris":["http://127.0.0.1:8788/callback","x"],"token_endpoint_auth_method":
       "client_secret_basic"}
      """#)
    #expect(full.clientID == "C")
    #expect(full.clientSecret == "S")
    #expect(full.issuedAt == 5)
    #expect(full.secretExpiresAt == 0)
    #expect(full.tokenEndpointAuthMethod == "client_secret_basic")
    #expect(try client(#"{"client_id":"C","client_secret":""}"#).clientSecret == nil)
    #expect(try client(#"{"client_id":"C","client_secret":null,"token_endpoint_auth_method":""}"#).clientSecret == nil)
    #expect(
      try client(#"{"client_id":"C","client_secret":"S","token_endpoint_auth_method":"none"}"#).clientSecret == nil)
    for bad in [
      "x", "[]", "{}", #"{"client_id":" "}"#, #"{"client_id":"C","token_endpoint_auth_method":"client_secret_basic"}"#,
      #"{"client_id":"C","token_endpoint_auth_method":"private_key_jwt"}"#, #"{"client_id":"C","redirect_uris":["x"]}"#,
      #"{"client_id":"C","grant_types":["refresh_token"]}"#,
    ] {
      #expect(throws: ClientRegistration.Problem.self, "\(bad)") { try client(bad) }
    }
  }

  @Test(arguments: [
    (0o100600 as UInt32, true, false), (0o100400, true, false), (0o100640, true, true), (0o100440, false, false),
    (0o100460, false, true), (0o100644, false, true), (0o100604, true, true),
  ])
  func privateKeyModes(_ mode: UInt32, _ isOwn: Bool, _ isRefused: Bool) {
    #expect((PrivateKeyFile.problem(mode: mode, isOwn: isOwn) != nil) == isRefused)
  }
}
