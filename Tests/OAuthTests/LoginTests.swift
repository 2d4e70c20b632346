import HTTPClient
import Protocol
import TestSupport
import Testing

@testable import OAuth

/// Discovery, registration and login against the SDK's authorization server. The names of the scenarios are those of the
/// public MCP conformance suite.
struct LoginTests {
  private func asked(
    _ world: OAuthWorld, isolation: isolated (any Actor)? = #isolation
  ) async throws -> [String] {
    try await world.log(isolation: isolation).map { "\($0.isForResource ? "R" : "A") \($0.path)" }
  }

  @Test("auth/metadata-default: the well-known form with the path; and the whole flow")
  func metadataDefault() async throws {
    try await OAuthWorld.run(#"{"resource_scopes":["mcp"]}"#) { _, world in
      let attempt = try await world.logIn()
      #expect(
        try await asked(world) == [
          "R /mcp", "R /.well-known/oauth-protected-resource/mcp", "A /.well-known/oauth-authorization-server",
          "A /register", "A /authorize", "A /token",
        ])
      let requests = try await world.log()
      let registered = try #require(requests[3].json)
      #expect(registered.member("application_type")?.string == "native")
      #expect(registered.member("scope")?.string == "mcp")
      #expect(registered.member("redirect_uris")?.strings == ["http://127.0.0.1:8788/callback"])
      let query = FormEncoding.decode(requests[4].query)
      #expect(
        query.map(\.name) == [
          "response_type", "client_id", "redirect_uri", "code_challenge", "code_challenge_method", "state", "scope",
          "resource",
        ])
      #expect(query.last?.value == world.resource)
      let form = try #require(requests[5].form)
      #expect(form.member("resource")?.string == world.resource)
      #expect(form.member("client_id")?.string == attempt.client.clientID)
      let tokens = try world.tokens()
      #expect(tokens.refreshToken != nil)
      #expect(tokens.scope == "mcp")
      #expect(try #require(tokens.expiresAt) > EpochSeconds.now + 3500)
      let called = try await world.call(world.authorizer())
      #expect(called.status == 200)
    }
  }

  @Test(
    "auth/metadata-var1 to 3: other places of metadata",
    arguments: [
      // OpenID Connect only, at the root.
      (
        #"{"metadata_paths":["/.well-known/openid-configuration"],"resource_metadata":"root"}"#,
        [
          "R /mcp", "R /.well-known/oauth-protected-resource", "A /.well-known/oauth-authorization-server",
          "A /.well-known/openid-configuration",
        ]
      ),
      // An issuer with a path: never the root forms.
      (
        #"{"issuer_path":"/t1"}"#,
        ["R /mcp", "R /.well-known/oauth-protected-resource/mcp", "A /.well-known/oauth-authorization-server/t1"]
      ),
      (
        #"{"issuer_path":"/t1","metadata_paths":["/t1/.well-known/openid-configuration","#
          + #""/.well-known/oauth-authorization-server","/.well-known/openid-configuration"]}"#,
        [
          "R /mcp", "R /.well-known/oauth-protected-resource/mcp", "A /.well-known/oauth-authorization-server/t1",
          "A /.well-known/openid-configuration/t1", "A /t1/.well-known/openid-configuration",
        ]
      ),
      // The challenge says where, somewhere else.
      (
        #"{"resource_metadata":"/custom/metadata"}"#,
        ["R /mcp", "R /custom/metadata", "A /.well-known/oauth-authorization-server"]
      ),
      // No word in the challenge: the well-known forms.
      (
        #"{"challenge":["Negotiate","Basic realm=\"a, b\""],"resource_metadata":"root"}"#,
        [
          "R /mcp", "R /.well-known/oauth-protected-resource/mcp", "R /.well-known/oauth-protected-resource",
          "A /.well-known/oauth-authorization-server",
        ]
      ),
    ] as [(String, [String])])
  func metadataPlaces(_ options: String, _ expected: [String]) async throws {
    try await OAuthWorld.run(options) { _, world in
      try await world.logIn()
      let requests = try await asked(world)
      #expect(requests.prefix(expected.count) == expected[...])
    }
  }

  @Test("auth/2025-03-26-oauth-metadata-backcompat: the resource's origin, and no guessed endpoints")
  func originMetadata() async throws {
    let options = #"{"resource_metadata":"none","origin_metadata":true}"#
    try await OAuthWorld.run(options) { _, world in
      // Metadata there are of the origin, so they must say so.
      let origin = String(world.resource.dropLast("/mcp".count))
      try await world.change(#"{"metadata":{"issuer":"\#(origin)"}}"#)
      let record = try await world.discover()
      #expect(record.authorizationServer == origin)
      #expect(record.tokenEndpoint == "\(world.issuer)/token")
      try await world.change(#"{"origin_metadata":false}"#)
      _ = try await world.discoveryFailure()
    }
  }

  @Test("auth/basic-cimd: our document's URL as the client id, without registration")
  func clientMetadataDocument() async throws {
    let options =
      #"{"metadata":{"client_id_metadata_document_supported":true},"metadata_documents":["https://me.test/client.json"]}"#
    try await OAuthWorld.run(options) { _, world in
      world.profile.clientMetadataURL = "https://me.test/client.json"
      try await world.logIn()
      let requests = try await asked(world)
      #expect(!requests.contains("A /register"))
      #expect(try world.entry()?.clientInfo?.clientID == "https://me.test/client.json")
      // A server that does not announce it gets a registration.
      try await world.change(#"{"metadata":{}}"#)
      try world.store.update("docs") { $0 = nil }
      try await world.logIn()
      #expect(try world.entry()?.clientInfo?.clientID != "https://me.test/client.json")
    }
  }

  @Test(
    "auth/scope-from-www-authenticate, -from-scopes-supported, -omitted-when-undefined",
    arguments: [
      (#"["Bearer scope=\"a b\", resource_metadata=\"{metadata}\""]"#, #"["c"]"#, "a b"),
      ("null", #"["c","a"]"#, "c a"),
      ("null", "[]", nil),
      ("null", "null", nil),
    ] as [(String, String, String?)])
  func scopes(_ challenge: String, _ listed: String, _ expected: String?) async throws {
    let options = #"{"scopes":["a","b","c"],"challenge":\#(challenge),"resource_scopes":\#(listed)}"#
    try await OAuthWorld.run(options) { _, world in
      try await world.logIn()
      let query = FormEncoding.decode(try await world.log().first { $0.path == "/authorize" }?.query ?? "")
      #expect(query.first { $0.name == "scope" }?.value == expected)
    }
  }

  @Test(
    "auth/offline-access-scope and -not-supported",
    arguments: [
      (#"["mcp","offline_access"]"#, "mcp offline_access", "consent"), (#"["mcp"]"#, "mcp", nil),
    ] as [(String, String, String?)])
  func offlineAccess(_ scopes: String, _ expected: String, _ prompt: String?) async throws {
    try await OAuthWorld.run(#"{"scopes":\#(scopes),"resource_scopes":["mcp"]}"#) { _, world in
      try await world.logIn()
      let query = FormEncoding.decode(try await world.log().first { $0.path == "/authorize" }?.query ?? "")
      #expect(query.first { $0.name == "scope" }?.value == expected)
      #expect(query.first { $0.name == "prompt" }?.value == prompt)
    }
  }

  @Test(
    "auth/token-endpoint-auth-basic, -post, -none",
    arguments: [
      (#"["client_secret_post","client_secret_basic"]"#, "client_secret_basic", true, false),
      (#"["client_secret_post"]"#, "client_secret_post", false, true),
      (#"["client_secret_basic","none"]"#, "none", false, false),
    ])
  func clientAuthentication(_ methods: String, _ method: String, _ isBasic: Bool, _ isPost: Bool) async throws {
    let options = #"{"metadata":{"token_endpoint_auth_methods_supported":\#(methods)}}"#
    try await OAuthWorld.run(options) { _, world in
      try await world.logIn()
      let client = try #require(try world.entry()?.clientInfo)
      #expect(client.tokenEndpointAuthMethod == method)
      #expect((client.clientSecret != nil) == (isBasic || isPost))
      // The refresh authenticates likewise.
      try world.expire(in: -1)
      _ = try await world.call(world.authorizer())
      for request in try await world.tokenRequests() {
        #expect((request.headers.member("authorization") != nil) == isBasic)
        #expect((request.form?.member("client_secret") != nil) == isPost)
      }
    }
  }

  @Test("auth/pre-registration: a configured client is not registered")
  func preRegistered() async throws {
    let options =
      #"{"clients":[{"client_id":"own","client_secret":"s%:","token_endpoint_auth_method":"client_secret_basic"}]}"#
    try await OAuthWorld.run(options) { _, world in
      world.profile.clientID = "own"
      world.profile.clientSecret = "s%:"
      try await world.logIn()
      let requests = try await asked(world)
      #expect(!requests.contains("A /register"))
      #expect(try await world.call(world.authorizer()).status == 200)
      // Not for another authorization server than the configuration permits.
      world.profile.issuer = "https://elsewhere.test"
      _ = try await world.discoveryFailure()
    }
  }

  @Test("auth/resource-mismatch: nothing is asked of an authorization server")
  func resourceMismatch() async throws {
    try await OAuthWorld.run(#"{"resource_document":{"resource":"https://evil.test/mcp"}}"#) { _, world in
      let failure = try await world.discoveryFailure()
      #expect(failure.detail.contains("is for another resource (https://evil.test/mcp)") == true)
      let requests = try await asked(world)
      #expect(requests.allSatisfy { $0.hasPrefix("R") })
    }
  }

  @Test("auth/metadata-issuer-mismatch: such a document does not count")
  func issuerMismatch() async throws {
    for issuer in ["https://evil.test", "{}/", "{}"] {
      try await OAuthWorld.run { _, world in
        let text = issuer.replacing("{}", with: issuer == "{}" ? world.issuer.uppercased() : world.issuer)
        try await world.change(#"{"metadata":{"issuer":"\#(text)"}}"#)
        let failure = try await world.discoveryFailure()
        #expect(failure.detail.contains("is of another issuer") == true)
      }
    }
  }

  @Test(
    "auth/iss-*: announced or not, there or not, right or wrong",
    arguments: [
      (true, "\"right\"", true), (true, "null", false), (true, "\"wrong\"", false),
      (false, "\"right\"", true), (false, "null", true), (false, "\"wrong\"", false),
    ])
  func responseIssuer(_ isAnnounced: Bool, _ iss: String, _ isGood: Bool) async throws {
    let options = #"{"iss":\#(iss),"metadata":{"authorization_response_iss_parameter_supported":\#(isAnnounced)}}"#
    try await OAuthWorld.run(options) { _, world in
      if isGood {
        try await world.logIn()
      } else {
        _ = try await world.loginFailure()
        #expect(try await world.tokenRequests().isEmpty)
      }
      // Errors are checked likewise, and those of others not shown.
      try await world.change(#"{"deny":"access_denied"}"#)
      let failure = try await world.loginFailure()
      #expect(failure.detail.contains("access_denied") == isGood)
    }
  }

  @Test("auth/authorization-server-migration: nothing of the old one is sent to the new one")
  func migration() async throws {
    try await OAuthWorld.run { thread, world in
      let other = try await OAuthWorld.make("{}", thread.loop)
      let old = try await world.logIn()
      let oldTokens = try world.tokens()
      try await world.change(
        #"{"reject_tokens":true,"resource_document":{"authorization_servers":["\#(other.issuer)"]}}"#)
      try await other.change(#"{"accepted_resource":"\#(world.resource)"}"#)
      let authorizer = world.authorizer()
      let failure = try await world.callFailure(authorizer)
      #expect(failure.detail.contains("warmplane auth login docs") == true)
      // What was discovered is not trusted any more, however young it is.
      #expect(try world.entry()?.discovery?.isFresh(at: EpochSeconds.now) == false)
      let new = try await world.logIn()
      #expect(new.client.clientID != old.client.clientID)
      #expect(try world.entry()?.discovery?.authorizationServer == other.issuer)
      let secrets = [old.client.clientID, oldTokens.accessToken, oldTokens.refreshToken ?? ""]
      for request in try await other.log() {
        let text = request.query + String(decoding: (request.form ?? request.json ?? .null).bytes, as: UTF8.self)
        #expect(!secrets.contains { text.contains($0) })
        // The new client's own secret, if anything.
        #expect(request.headers.member("authorization")?.string?.hasPrefix("Basic") != false)
      }
    }
  }
}
