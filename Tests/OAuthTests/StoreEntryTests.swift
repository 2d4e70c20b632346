import OAuth
import Testing

/// What entries are worth.
struct StoreEntryTests {
  struct SameServer: Sendable {
    let issuer: String?
    let token: String?
    let otherIssuer: String?
    let otherToken: String?
    let isSame: Bool

    init(_ issuer: String?, _ token: String?, _ otherIssuer: String?, _ otherToken: String?, _ isSame: Bool) {
      self.issuer = issuer
      self.token = token
      self.otherIssuer = otherIssuer
      self.otherToken = otherToken
      self.isSame = isSame
    }
  }

  @Test func status() {
    func status(_ tokens: StoredTokens?, url: String? = nil) -> String {
      var entry = StoreEntry()
      entry.tokens = tokens
      entry.serverURL = url
      return AuthenticationStatus(of: entry, serverURL: "https://e.example/mcp", now: 1_000).rawValue
    }
    #expect(AuthenticationStatus(of: nil, serverURL: "https://e.example/mcp", now: 0).rawValue == "not_authenticated")
    #expect(status(nil) == "not_authenticated")
    #expect(status(StoredTokens(accessToken: " \t")) == "not_authenticated")
    #expect(status(StoredTokens(accessToken: "a"), url: "https://e.example/mcp/") == "not_authenticated")
    #expect(status(StoredTokens(accessToken: "a"), url: "https://e.example/mcp") == "authenticated")
    #expect(status(StoredTokens(accessToken: "a")) == "authenticated")
    #expect(status(StoredTokens(accessToken: "a", expiresAt: 1_000)) == "expired")
    #expect(status(StoredTokens(accessToken: "a", expiresAt: 1_001)) == "authenticated")
  }

  @Test func whatAnotherAuthorizationServerMustNotSee() {
    var entry = StoreEntry()
    entry.tokens = StoredTokens(accessToken: "a", refreshToken: "r")
    entry.clientInfo = StoredClient(clientID: "c")
    entry.oauthState = "s"
    var record = DiscoveryRecord()
    record.authorizationServer = "https://one.example"
    // Written by a program that keeps no record: nothing speaks against it.
    entry.adopt(record, for: "https://e.example/mcp")
    #expect(entry.tokens?.refreshToken == "r" && entry.clientInfo != nil && entry.oauthState == "s")
    entry.adopt(record, for: "https://e.example/mcp")
    #expect(entry.tokens?.refreshToken == "r" && entry.clientInfo != nil && entry.oauthState == "s")
    record.authorizationServer = "https://one.example/"
    entry.adopt(record, for: "https://e.example/mcp")
    #expect(entry.tokens == StoredTokens(accessToken: "a") && entry.clientInfo == nil && entry.oauthState == nil)
    entry.adopt(record, for: "https://e.example/other")
    #expect(entry.tokens == nil && entry.serverURL == "https://e.example/other" && entry.discovery == record)
  }

  @Test(arguments: [
    SameServer("https://a", "https://a/t", "https://a", "https://b/t", true),
    SameServer("https://a", "https://a/t", "https://b", nil, false),
    SameServer("https://a", "https://a/t", nil, "https://a/t", true),
    SameServer("https://a", "https://a/t", nil, "https://b/t", false),
    SameServer(nil, "https://a/t", "https://a", "https://b/t", false),
    SameServer("https://a", nil, nil, "https://b/t", true),
    SameServer(nil, nil, "https://a", nil, true), SameServer("https://a", "https://a/t", nil, nil, true),
  ])
  func theSameServer(_ row: SameServer) {
    var (one, other) = (DiscoveryRecord(), DiscoveryRecord())
    (one.authorizationServer, one.tokenEndpoint) = (row.issuer, row.token)
    (other.authorizationServer, other.tokenEndpoint) = (row.otherIssuer, row.otherToken)
    #expect(one.isSameServer(as: other) == row.isSame && other.isSameServer(as: one) == row.isSame)
  }

  @Test func ageOfARecord() {
    var record = DiscoveryRecord()
    #expect(!record.isFresh(at: 0))
    record.discoveredAt = 1_000
    #expect(record.isFresh(at: 1_000) && record.isFresh(at: 1_000 + 86_399))
    #expect(!record.isFresh(at: 1_000 + 86_400) && !record.isFresh(at: 999))
  }

  @Test func clientsWithASecretThatExpires() {
    #expect(!StoredClient(clientID: " ").isUsable(at: 10))
    #expect(StoredClient(clientID: "c", secretExpiresAt: 5).isUsable(at: 10))
    #expect(!StoredClient(clientID: "c", clientSecret: "s", secretExpiresAt: 10).isUsable(at: 10))
    #expect(StoredClient(clientID: "c", clientSecret: "s", secretExpiresAt: 11).isUsable(at: 10))
    #expect(StoredClient(clientID: "c", clientSecret: "s", secretExpiresAt: 0).isUsable(at: 10))
  }
}
