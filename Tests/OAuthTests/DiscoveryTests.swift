import HTTPClient
import Protocol
import TestSupport
import Testing

@testable import OAuth

/// In which order documents are looked for, which of them count, and what ends the search.
struct DiscoveryTests {
  private static let wellKnown: String = "https://mcp.test/.well-known/oauth-protected-resource"

  // MARK: The order

  @Test func challengeFirst() throws {
    var web = DiscoveryWeb([
      "https://mcp.test/mcp": challenge(#"Bearer scope="a b", resource_metadata="https://mcp.test/meta""#),
      "https://mcp.test/meta": resourceDocument(
        "https://mcp.test/mcp", "https://as.test", more: #""scopes_supported":["r"]"#),
      "https://as.test/.well-known/oauth-authorization-server": serverDocument(
        "https://as.test", #""scopes_supported":["x","offline_access"],"registration_endpoint":"https://as.test/r""#),
    ])
    let record = try web.walk(.sample()).get()
    #expect(
      web.asked == [
        "https://mcp.test/mcp", "https://mcp.test/meta", "https://as.test/.well-known/oauth-authorization-server",
      ])
    #expect(record.resourceMetadataURL == "https://mcp.test/meta")
    #expect(record.authorizationServer == "https://as.test")
    #expect(record.authorizationMetadataURL == "https://as.test/.well-known/oauth-authorization-server")
    #expect(record.authorizationEndpoint == "https://as.test/authorize")
    #expect(record.tokenEndpoint == "https://as.test/token")
    #expect(record.registrationEndpoint == "https://as.test/r")
    #expect(record.scopesSupported == ["x", "offline_access"])
    #expect(record.resourceScopesSupported == ["r"])
    #expect(record.initialScope == "a b")
    #expect(record.offlineAccessSupported == true)
    #expect(record.supportsS256)
    #expect(record.dpopBoundAccessTokensRequired == nil)
  }

  @Test func wellKnownWithPathThenRoot() throws {
    var web = DiscoveryWeb([
      Self.wellKnown: resourceDocument("https://mcp.test", "https://as.test/"),
      "https://as.test/.well-known/openid-configuration": serverDocument("https://as.test/"),
    ])
    #expect(try web.walk(.sample()).get().authorizationServer == "https://as.test/")
    #expect(
      web.asked == [
        "https://mcp.test/mcp", "\(Self.wellKnown)/mcp", Self.wellKnown,
        "https://as.test/.well-known/oauth-authorization-server", "https://as.test/.well-known/openid-configuration",
      ])
  }

  /// The root form of an issuer with a path is another issuer's document.
  @Test func issuerWithPath() throws {
    var web = DiscoveryWeb([
      "\(Self.wellKnown)/mcp": resourceDocument("https://mcp.test/mcp", "https://as.test/t1"),
      "https://as.test/t1/.well-known/openid-configuration": serverDocument("https://as.test/t1"),
      "https://as.test/.well-known/oauth-authorization-server": serverDocument("https://as.test/t1"),
    ])
    #expect(try web.walk(.sample()).get().tokenEndpoint == "https://as.test/t1/token")
    #expect(
      web.asked.suffix(3) == [
        "https://as.test/.well-known/oauth-authorization-server/t1",
        "https://as.test/.well-known/openid-configuration/t1", "https://as.test/t1/.well-known/openid-configuration",
      ])
  }

  /// Servers of 2025-03-26; their endpoints are not guessed.
  @Test(arguments: ["https://mcp.test", "https://mcp.test/"])
  func originAsAuthorizationServer(_ issuer: String) throws {
    var web = DiscoveryWeb(["https://mcp.test/.well-known/oauth-authorization-server": serverDocument(issuer)])
    let record = try web.walk(.sample()).get()
    #expect(record.authorizationServer == issuer)
    #expect(record.resourceMetadataURL == nil)
    var empty = DiscoveryWeb([:])
    let failure = try #require(try empty.walk(.sample()).failureValue)
    #expect(!failure.isTransient)
    #expect(failure.detail.contains("https://mcp.test/.well-known/openid-configuration answered 404"))
  }

  @Test func silentResourceGoesOn() throws {
    var web = DiscoveryWeb([
      "https://mcp.test/mcp": .failure(.totalTimeout),
      "\(Self.wellKnown)/mcp": resourceDocument("https://mcp.test", "https://as.test"),
      "https://as.test/.well-known/oauth-authorization-server": serverDocument("https://as.test"),
    ])
    #expect(try web.walk(.sample()).get().authorizationServer == "https://as.test")
  }

  // MARK: What ends the search

  struct End: Sendable, CustomStringConvertible {
    var name: String
    var pages: [String: DiscoveryWeb.Page]
    var says: String
    var isTransient = false
    var description: String { name }
  }

  static let ends: [End] = [
    End(
      name: "unreachable", pages: ["https://mcp.test/mcp": .failure(.resolve)], says: "said resolve", isTransient: true),
    End(
      name: "outage of the metadata", pages: ["\(DiscoveryTests.wellKnown)/mcp": .status(503)],
      says: "mcp answered 503",
      isTransient: true),
    End(
      name: "throttled", pages: ["\(DiscoveryTests.wellKnown)/mcp": .status(429)], says: "answered 429",
      isTransient: true),
    End(
      name: "another resource",
      pages: ["\(DiscoveryTests.wellKnown)/mcp": resourceDocument("https://mcp.test/other", "https://as.test")],
      says: "is for another resource (https://mcp.test/other), not for https://mcp.test/mcp"),
    End(
      name: "another origin",
      pages: ["\(DiscoveryTests.wellKnown)/mcp": resourceDocument("https://evil.test/mcp", "https://as.test")],
      says: "is for another resource"),
    End(
      name: "half a segment",
      pages: ["\(DiscoveryTests.wellKnown)/mcp": resourceDocument("https://mcp.test/m", "https://as.test")],
      says: "is for another resource"),
    End(
      name: "no servers", pages: ["\(DiscoveryTests.wellKnown)/mcp": resourceDocument("https://mcp.test/mcp")],
      says: "names no authorization_servers"),
    End(
      name: "clear text",
      pages: ["\(DiscoveryTests.wellKnown)/mcp": resourceDocument("https://mcp.test/mcp", "http://as.test")],
      says: "the authorization server http://as.test is neither https nor a loopback address"),
    End(
      name: "loopback",
      pages: ["\(DiscoveryTests.wellKnown)/mcp": resourceDocument("https://mcp.test/mcp", "http://127.0.0.1:9/x")],
      says: "is a loopback address, which the server is not"),
    End(
      name: "identifier with a query",
      pages: ["\(DiscoveryTests.wellKnown)/mcp": resourceDocument("https://mcp.test/mcp", "https://as.test/?a=b")],
      says: "is no URL of an issuer"),
  ]

  @Test(arguments: Self.ends)
  func endsTheSearch(_ end: End) throws {
    var web = DiscoveryWeb(end.pages)
    let failure = try #require(try web.walk(.sample()).failureValue)
    #expect(failure.detail.contains(end.says), "\(failure)")
    #expect(failure.isTransient == end.isTransient)
  }

  // MARK: Documents that do not count

  static let unfit: [(String, String)] = [
    ("{", "is no JSON object"),
    ("[]", "is no JSON object"),
    (#"{"issuer":"https://as.test","issuer":"https://as.test"}"#, "has two members issuer"),
    ("{}", "has no issuer"),
    (#"{"issuer":"https://as.test/"}"#, "is of another issuer (https://as.test/ instead of https://as.test)"),
    (#"{"issuer":"https://AS.test"}"#, "is of another issuer"),
    (#"{"issuer":"https://as.test"}"#, "has no token_endpoint"),
    (#"{"issuer":"https://as.test","token_endpoint":null}"#, "has no token_endpoint"),
    (#"{"issuer":"https://as.test","token_endpoint":7}"#, "has a token_endpoint that is no http(s) URL"),
    (
      #"{"issuer":"https://as.test","token_endpoint":"http://as.test/t"}"#,
      "has a token_endpoint that is neither https nor a loopback address"
    ),
    (#"{"issuer":"https://as.test","token_endpoint":"https://as.test/t"}"#, "has no authorization_endpoint"),
    (
      #"{"issuer":"https://as.test","token_endpoint":"https://as.test/t","authorization_endpoint":"https://as.test/a"}"#,
      "has no code_challenge_methods_supported; S256 is required"
    ),
    (
      #"""
      {"issuer":"https://as.test","token_endpoint":"https://as.test/t","authorization_endpoint":"https://as.test/a",
       "code_challenge_methods_supported":["plain"]}
      """#, "has code_challenge_methods_supported without S256, which is required"
    ),
  ]

  @Test(arguments: Self.unfit)
  func unfitDocument(_ row: (text: String, says: String)) throws {
    let place = "https://as.test/.well-known/oauth-authorization-server"
    var web = DiscoveryWeb([
      "\(Self.wellKnown)/mcp": resourceDocument("https://mcp.test/mcp", "https://as.test"),
      place: .document(row.text),
    ])
    let failure = try #require(try web.walk(.sample()).failureValue)
    #expect(failure.detail.contains("\(place) \(row.says)"), "\(failure)")
    // The next place is tried, and counts.
    web = DiscoveryWeb(
      web.pages.merging(["https://as.test/.well-known/openid-configuration": serverDocument("https://as.test")]) { $1 })
    #expect(try web.walk(.sample()).get().authorizationMetadataURL?.hasSuffix("openid-configuration") == true)
  }

  @Test func unfitResourceDocument() throws {
    for text in ["no JSON", "[]", "{}", #"{"resource":"urn:x"}"#, #"{"resource":1}"#] {
      var web = DiscoveryWeb([
        "\(Self.wellKnown)/mcp": .document(text),
        Self.wellKnown: resourceDocument("https://mcp.test", "https://as.test"),
        "https://as.test/.well-known/oauth-authorization-server": serverDocument("https://as.test"),
      ])
      #expect(try web.walk(.sample()).get().resourceMetadataURL == Self.wellKnown, "\(text)")
    }
  }

  /// A challenge leads wherever its server wants: not to addresses that are none of its business.
  @Test func forbiddenChallenge() throws {
    for target in ["http://169.254.169.254/latest", "http://127.0.0.1:1/x", "ftp://x/y", "http://evil.test/"] {
      var web = DiscoveryWeb([
        "https://mcp.test/mcp": challenge("Bearer resource_metadata=\"\(target)\""),
        "\(Self.wellKnown)/mcp": resourceDocument("https://mcp.test/mcp", "https://as.test"),
        "https://as.test/.well-known/oauth-authorization-server": serverDocument("https://as.test"),
      ])
      #expect(try web.walk(.sample()).get().authorizationServer == "https://as.test")
      #expect(!web.asked.contains(target))
    }
  }

  // MARK: Settings

  @Test func issuerThatIsPermitted() throws {
    var profile = try OAuthProfile.sample()
    profile.issuer = "https://b.test"
    var web = DiscoveryWeb([
      "\(Self.wellKnown)/mcp": resourceDocument("https://mcp.test/mcp", "https://a.test", "https://b.test"),
      "https://b.test/.well-known/oauth-authorization-server": serverDocument("https://b.test"),
    ])
    #expect(try web.walk(profile).get().authorizationServer == "https://b.test")
    profile.issuer = "https://c.test"
    let failure = try #require(try web.walk(profile).failureValue)
    #expect(failure.detail.contains("does not list the authorization server that auth.issuer permits"))
    // Nor when there is no list.
    web = DiscoveryWeb(["https://mcp.test/.well-known/oauth-authorization-server": serverDocument("https://mcp.test")])
    #expect(try web.walk(profile).failureValue?.detail.contains("auth.issuer permits https://c.test only") == true)
  }

  /// Clients that come without a person need neither a page for persons nor S256.
  @Test func clientCredentials() throws {
    var profile = try OAuthProfile.sample()
    profile.grant = .clientCredentials
    var web = DiscoveryWeb([
      "\(Self.wellKnown)/mcp": resourceDocument("https://mcp.test/mcp", "https://as.test"),
      "https://as.test/.well-known/oauth-authorization-server": .document(
        #"{"issuer":"https://as.test","token_endpoint":"https://as.test/t"}"#),
    ])
    #expect(try web.walk(profile).get().tokenEndpoint == "https://as.test/t")
  }

  @Test func boundTokens() throws {
    var web = DiscoveryWeb([
      "https://mcp.test/mcp": challenge(#"DPoP algs="ES256""#),
      "\(Self.wellKnown)/mcp": resourceDocument("https://mcp.test/mcp", "https://as.test"),
      "https://as.test/.well-known/oauth-authorization-server": serverDocument("https://as.test"),
    ])
    #expect(try web.walk(.sample()).get().dpopBoundAccessTokensRequired == true)
  }

  @Test func addresses() throws {
    let url = { (text: String) in try #require(HTTPURL(text)) }
    let rule = try OAuthProfile.sample().addressRule
    #expect(try rule.addresses(for: url("https://mcp.test/x")) == .any)
    #expect(try rule.addresses(for: url("https://mcp.test:8443/x")) == .publicOnly)
    #expect(try rule.problem(with: url("http://localhost/x")) != nil)
    #expect(try rule.problem(with: url("http://mcp.test/x")) != nil)
    let local = try OAuthProfile.sample("http://127.0.0.1:8000/mcp").addressRule
    #expect(try local.addresses(for: url("http://localhost:9/x")) == .publicOrLoopback)
    #expect(try local.problem(with: url("http://localhost:9/x")) == nil)
    var profile = try OAuthProfile.sample()
    profile.tokenEndpoint = "https://10.0.0.1/t"
    profile.allowsLoopback = true
    #expect(try profile.addressRule.addresses(for: url("https://10.0.0.1/u")) == .any)
    #expect(try profile.addressRule.addresses(for: url("https://10.0.0.2/u")) == .publicOrLoopback)
  }

  @Test func fallback() throws {
    var profile = try OAuthProfile.sample()
    #expect(profile.fallbackRecord == nil)
    profile.tokenEndpoint = "https://as.test/t"
    let record = try #require(profile.fallbackRecord)
    #expect(record.resourceMetadataURL == "https://mcp.test/mcp")
    #expect(record.scopesSupported == [])
    #expect(record.discoveredAt == nil)
  }
}

extension Result {
  var failureValue: Failure? { if case .failure(let failure) = self { failure } else { nil } }
}
