import HTTPClient
import Protocol
import TestSupport
import Testing

@testable import OAuth

/// What stored tokens are good for, to the second.
struct TokenNeedTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var expiresAt: Int64?
    var refreshToken: String?
    var endpoint: String?
    /// For a person, and for the client itself.
    var person: String
    var machine: String
  }

  static let rows: [Row] = [
    Row(testDescription: "never expires", person: "use", machine: "use"),
    Row(
      testDescription: "301 s left", expiresAt: 1301, refreshToken: "R", endpoint: "E", person: "use", machine: "use"),
    Row(testDescription: "300 s", expiresAt: 1300, refreshToken: "R", endpoint: "E", person: "early", machine: "early"),
    Row(testDescription: "1 s", expiresAt: 1001, refreshToken: "R", endpoint: "E", person: "early", machine: "early"),
    Row(testDescription: "now", expiresAt: 1000, refreshToken: "R", endpoint: "E", person: "renew", machine: "renew"),
    Row(testDescription: "no refresh token", expiresAt: 1001, endpoint: "E", person: "use", machine: "early"),
    Row(testDescription: "nor any time", expiresAt: 1000, endpoint: "E", person: "auth_expired", machine: "renew"),
    Row(
      testDescription: "a blank one", expiresAt: 1000, refreshToken: " ", endpoint: "E", person: "auth_expired",
      machine: "renew"),
    Row(testDescription: "no endpoint", expiresAt: 1001, refreshToken: "R", person: "use", machine: "early"),
    Row(
      testDescription: "nor any time for it", expiresAt: 0, refreshToken: "R", person: "auth_discovery_missing",
      machine: "renew"),
  ]

  @Test(arguments: Self.rows)
  func need(_ row: Row) throws {
    var entry = StoreEntry()
    entry.tokens = StoredTokens(accessToken: "A", refreshToken: row.refreshToken, expiresAt: row.expiresAt)
    entry.discovery = DiscoveryRecord()
    entry.discovery?.tokenEndpoint = row.endpoint
    var profile = try OAuthProfile.sample()
    #expect(Self.word(TokenNeed(entry, profile, now: 1000)) == row.person)
    profile.grant = .clientCredentials
    #expect(Self.word(TokenNeed(entry, profile, now: 1000)) == row.machine)
  }

  @Test func configuredEndpoint() throws {
    var entry = StoreEntry()
    entry.tokens = StoredTokens(accessToken: "A", refreshToken: "R", expiresAt: 1)
    var profile = try OAuthProfile.sample()
    profile.tokenEndpoint = "https://as.test/t"
    #expect(Self.word(TokenNeed(entry, profile, now: 1000)) == "renew")
  }

  @Test func nothingStored() throws {
    let profile = try OAuthProfile.sample()
    var entry = StoreEntry()
    #expect(Self.word(TokenNeed(nil, profile, now: 0)) == "auth_missing")
    #expect(Self.word(TokenNeed(entry, profile, now: 0)) == "auth_missing")
    for token in ["", " ", "a b", "a\r\nX: y", "ä"] {
      entry.tokens = StoredTokens(accessToken: token)
      #expect(Self.word(TokenNeed(entry, profile, now: 0)) == "auth_missing")
    }
    entry.tokens = StoredTokens(accessToken: "A")
    #expect(Self.word(TokenNeed(entry, profile, now: 0)) == "use")
    entry.serverURL = "https://mcp.test/mcp/"
    #expect(Self.word(TokenNeed(entry, profile, now: 0)) == "auth_missing")
  }

  private static func word(_ need: TokenNeed) -> String {
    switch need {
    case .use: "use"
    case .renewEarly: "early"
    case .renew: "renew"
    case .impossible(let failure): failure.code.rawValue
    }
  }
}
