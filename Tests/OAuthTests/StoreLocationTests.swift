import OAuth
import Testing

/// Where the store is (contract §7.2), and what its entries are worth.
struct StoreLocationTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var variables: [String: String]
    var files: Set<String> = []
    var configured: String?
    var found: String?
    var testDescription: String { "\(variables) \(files.sorted())" }
  }

  @Test(arguments: [
    Row(variables: ["HOME": "/h"], configured: "/c/s.json", found: "/c/s.json"),
    Row(variables: [:], configured: "/c/s.json", found: "/c/s.json"),
    Row(
      variables: ["HOME": "/h", "XDG_DATA_HOME": "/x"],
      files: ["/x/opencode/mcp-auth.json", "/h/.local/share/opencode/mcp-auth.json"],
      found: "/x/opencode/mcp-auth.json"),
    Row(
      variables: ["HOME": "/h", "XDG_DATA_HOME": "/x"],
      files: ["/h/.local/share/opencode/mcp-auth.json", "/h/.config/opencode/mcp-auth.json"],
      found: "/h/.local/share/opencode/mcp-auth.json"),
    Row(
      variables: ["HOME": "/h", "XDG_DATA_HOME": "/x"], files: ["/h/.config/opencode/mcp-auth.json"],
      found: "/h/.config/opencode/mcp-auth.json"),
    Row(variables: ["HOME": "/h", "XDG_DATA_HOME": "/x"], found: "/x/opencode/mcp-auth.json"),
    Row(variables: ["HOME": "/h"], found: "/h/.local/share/opencode/mcp-auth.json"),
    Row(variables: ["HOME": "/h/", "XDG_DATA_HOME": ""], found: "/h/.local/share/opencode/mcp-auth.json"),
    Row(variables: ["HOME": "/h", "XDG_DATA_HOME": "relative"], found: "/h/.local/share/opencode/mcp-auth.json"),
    Row(
      variables: ["HOME": "", "USERPROFILE": "/u", "HOMEDRIVE": "/d", "HOMEPATH": "/p"],
      found: "/u/.local/share/opencode/mcp-auth.json"),
    Row(variables: ["HOMEDRIVE": "/d", "HOMEPATH": "/p"], found: "/d/p/.local/share/opencode/mcp-auth.json"),
    Row(variables: ["HOMEDRIVE": "/d"], found: nil),
    Row(variables: [:], found: nil),
    Row(variables: ["XDG_DATA_HOME": "/x"], found: "/x/opencode/mcp-auth.json"),
  ])
  func location(_ row: Row) {
    let found = try? CredentialStoreLocation.find(
      configured: row.configured, environment: { row.variables[$0] }, exists: { row.files.contains($0) })
    #expect(found == row.found)
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
