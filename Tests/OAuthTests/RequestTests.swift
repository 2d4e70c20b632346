import HTTPClient
import Protocol
import TestSupport
import Testing

@testable import OAuth

/// What requests say, and in which order.
struct RequestTests {
  @Test func authorizationURL() throws {
    let request = AuthorizationRequest(
      clientID: "c d", redirectURI: "http://127.0.0.1:8788/callback", challenge: "CH", state: "ST",
      scope: ScopeList("a b"), resource: "https://mcp.test/mcp?x=1&y")
    let common =
      "response_type=code&client_id=c%20d&redirect_uri=http%3A%2F%2F127.0.0.1%3A8788%2Fcallback&code_challenge=CH"
      + "&code_challenge_method=S256&state=ST"
    let resource = "resource=https%3A%2F%2Fmcp.test%2Fmcp%3Fx%3D1%26y"
    let rows = [
      ("https://as.test/a", "https://as.test/a?\(common)&scope=a%20b&\(resource)"),
      ("https://as.test/a?own=1&p", "https://as.test/a?own=1&p&\(common)&scope=a%20b&\(resource)"),
      ("https://as.test", "https://as.test?\(common)&scope=a%20b&\(resource)"),
    ]
    for (endpoint, expected) in rows {
      #expect(request.url(at: try #require(HTTPURL(endpoint)))?.description == expected)
    }
    var other = request
    other.scope = ScopeList()
    let endpoint = try #require(HTTPURL("https://as.test/a"))
    #expect(other.url(at: endpoint)?.description == "https://as.test/a?\(common)&\(resource)")
    other.scope = ScopeList("a offline_access")
    #expect(
      other.url(at: endpoint)?.description
        == "https://as.test/a?\(common)&scope=a%20offline_access&\(resource)&prompt=consent")
    other.state = String(repeating: "x", count: HTTPURL.longest)
    #expect(other.url(at: endpoint) == nil)
  }

  // MARK: Token requests

  private func form(_ grant: TokenRequest.Grant, _ authentication: ClientAuthentication) -> String {
    let request = TokenRequest(grant, clientID: "id", authentication: authentication, resource: "https://r/")
    return FormEncoding.encode(request.parameters)
  }

  @Test func forms() {
    let verifier = CodeVerifier(stored: "VER")
    let code = TokenRequest.Grant.code("CODE", redirectURI: "http://l/c", verifier: verifier)
    let plain =
      "grant_type=authorization_code&code=CODE&redirect_uri=http%3A%2F%2Fl%2Fc&code_verifier=VER&client_id=id"
      + "&resource=https%3A%2F%2Fr%2F"
    #expect(form(code, .none) == plain)
    #expect(form(code, .basic(secret: "s")) == plain)
    #expect(form(code, .post(secret: "s&t")) == "\(plain)&client_secret=s%26t")
    #expect(
      form(.refresh(token: "R", scope: "a b"), .none)
        == "grant_type=refresh_token&refresh_token=R&client_id=id&scope=a%20b&resource=https%3A%2F%2Fr%2F")
    #expect(
      form(.refresh(token: "R", scope: nil), .none)
        == "grant_type=refresh_token&refresh_token=R&client_id=id&resource=https%3A%2F%2Fr%2F")
    #expect(
      form(.clientCredentials(scope: "a"), .assertion("J.W.T"))
        == "grant_type=client_credentials&scope=a&resource=https%3A%2F%2Fr%2F"
        + "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
        + "&client_assertion=J.W.T")
    #expect(
      form(.clientCredentials(scope: nil), .post(secret: "s"))
        == "grant_type=client_credentials&client_id=id&resource=https%3A%2F%2Fr%2F&client_secret=s")
  }

  @Test func basicCredentialsAreEncoded() throws {
    let request = TokenRequest(
      .refresh(token: "R", scope: nil), clientID: "i:d", authentication: .basic(secret: "s%/ä"), resource: "https://r/")
    let endpoint = try #require(HTTPURL("https://as.test/t"))
    let http = request.request(to: endpoint, proof: "P", try OAuthProfile.sample().addressRule)
    #expect(http.fields.first("authorization") == "Basic \(Base64.encode("i%3Ad:s%25%2F%C3%A4".utf8))")
    #expect(http.fields.first("dpop") == "P")
    #expect(http.fields.first("content-type") == "application/x-www-form-urlencoded")
    #expect(http.redirects == .refuse)
    #expect(http.addresses == .publicOnly)
    #expect(http.totalTimeout == .seconds(10))
    #expect(http.bodyLimit == 1 << 20)
  }

  @Test(
    arguments: [
      (nil, nil, nil, ClientAuthentication.none),
      ("s", nil, nil, .post(secret: "s")),
      ("s", nil, ["client_secret_post", "client_secret_basic"], .basic(secret: "s")),
      ("s", nil, ["none"], .post(secret: "s")),
      ("s", "client_secret_post", ["client_secret_basic"], .post(secret: "s")),
      ("s", "client_secret_basic", nil, .basic(secret: "s")),
      ("s", "none", ["client_secret_basic"], .none),
      ("", nil, ["client_secret_basic"], .none),
    ] as [(String?, String?, [String]?, ClientAuthentication)])
  func clientAuthentication(
    _ secret: String?, _ method: String?, _ supported: [String]?, _ expected: ClientAuthentication
  ) {
    var client = StoredClient(clientID: "id", clientSecret: secret)
    client.tokenEndpointAuthMethod = method
    #expect(ClientAuthentication(client, supported: supported) == expected)
  }

  // MARK: Token responses

  @Test func responses() throws {
    func read(_ text: String, proof: Bool = false) throws -> TokenResponse {
      try TokenResponse(Array(text.utf8), now: 1000, offersProof: proof)
    }
    let full = try read(
      #"{"access_token":"A","token_type":"BEARER","expires_in":3600,"refresh_token":"R","scope":" a  b ","x":[]}"#)
    #expect(full.accessToken == "A")
    #expect(full.refreshToken == "R")
    #expect(full.expiresAt == 4600)
    #expect(full.scope == "a b")
    #expect(!full.isBound)
    for (value, expected) in [
      ("\"60\"", 1060), ("59.9", 1059), ("\"60.5\"", 1060), ("0", 1000), ("-5", 1000), ("1e30", 4_000_001_000),
    ] as [(String, Int64)] {
      #expect(try read(#"{"access_token":"A","expires_in":\#(value)}"#).expiresAt == expected)
    }
    for value in ["null", "\"soon\"", "true", "[]", "\"\""] {
      #expect(try read(#"{"access_token":"A","expires_in":\#(value)}"#).expiresAt == nil)
    }
    #expect(try read(#"{"access_token":"A","refresh_token":" "}"#).refreshToken == nil)
    #expect(try read(#"{"access_token":"A","token_type":"DPoP"}"#, proof: true).isBound)
    for bad in [
      "", "[]", "{}", #"{"access_token":" "}"#, #"{"access_token":1}"#, #"{"access_token":"a b"}"#,
      #"{"access_token":"a\nb"}"#, #"{"access_token":"é"}"#, #"{"access_token":"A","token_type":"mac"}"#,
      #"{"access_token":"A","token_type":"dpop"}"#, #"{"access_token":"A","access_token":"B"}"#,
    ] {
      #expect(throws: TokenResponse.Problem.self, "\(bad)") { try read(bad) }
    }
  }

  @Test func refreshKeepsWhatIsLeftOut() throws {
    let old = StoredTokens(accessToken: "A", refreshToken: "R", expiresAt: 5, scope: "s")
    let short = try TokenResponse(Array(#"{"access_token":"B"}"#.utf8), now: 0, offersProof: false)
    #expect(
      short.tokens(replacing: old, scope: nil, key: nil)
        == StoredTokens(accessToken: "B", refreshToken: "R", expiresAt: nil, scope: "s"))
    #expect(short.tokens(replacing: nil, scope: "asked", key: "K").scope == "asked")
    let bound = try TokenResponse(Array(#"{"access_token":"B","token_type":"DPoP"}"#.utf8), now: 0, offersProof: true)
    #expect(bound.tokens(replacing: nil, scope: nil, key: "K").dpopKey == "K")
  }

  @Test(
    arguments: [
      (400, #"{"error":"invalid_grant"}"#, TokenFailure.Kind.dead, "https://as.test/t answered 400 (invalid_grant)"),
      (
        401, #"{"error":"invalid_client","error_description":"gone"}"#, .dead,
        "https://as.test/t answered 401 (invalid_client): gone"
      ),
      (400, #"{"error":"unauthorized_client"}"#, .dead, "https://as.test/t answered 400 (unauthorized_client)"),
      (200, #"{"error":"invalid_grant"}"#, .dead, "https://as.test/t answered 200 (invalid_grant)"),
      (400, #"{"error":"invalid_request"}"#, .transient, "https://as.test/t answered 400 (invalid_request)"),
      (400, "invalid_grant", .transient, "https://as.test/t answered 400"),
      (500, #"{"error":"invalid_grant"}"#, .transient, "https://as.test/t answered 500 (invalid_grant)"),
      (429, "{}", .transient, "https://as.test/t answered 429"),
      (404, "<html>", .transient, "https://as.test/t answered 404"),
      (
        400, #"{"error":"x\u001b[2J\u202e","error_description":" "}"#, .transient,
        "https://as.test/t answered 400 (x\u{FFFD}[2J\u{FFFD})"
      ),
      (400, #"{"error":{},"secret":"s"}"#, .transient, "https://as.test/t answered 400"),
    ] as [(Int, String, TokenFailure.Kind, String)])
  func failures(_ status: Int, _ body: String, _ kind: TokenFailure.Kind, _ detail: String) throws {
    let url = try #require(HTTPURL("https://as.test/t?secret=1"))
    let head = HTTPResponseHead(status: status, fields: [HTTPField("Retry-After", "7")], url: url)
    let failure = TokenFailure(head, body: Array(body.utf8), at: url)
    #expect(failure.kind == kind)
    #expect(failure.detail == detail)
    #expect(failure.retryAfter == 7)
  }

  @Test func longTextsAreCut() {
    #expect(String(repeating: "x", count: 500).shown().unicodeScalars.count == 201)
  }
}
