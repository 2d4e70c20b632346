import HTTPClient
import Protocol
import TestSupport
import Testing

@testable import OAuth

/// Tokens that are bound to a key (RFC 9449), against a server that checks every proof.
struct DPoPTests {
  @Test(arguments: ["true", "\"nonce\""])
  func wholeLife(_ mode: String) async throws {
    try await OAuthWorld.run(#"{"dpop":\#(mode)}"#) { _, world in
      let record = try await world.discover()
      #expect(record.dpopBoundAccessTokensRequired == true)
      try await world.logIn()
      let key = try #require(try world.tokens().dpopKey)
      let authorizer = world.authorizer()
      #expect(try await world.call(authorizer).status == 200)
      #expect(try await world.call(authorizer).status == 200)
      try world.expire(in: -1)
      #expect(try await world.call(authorizer).status == 200)
      #expect(try world.tokens().dpopKey == key)
      #expect(try world.tokens().accessToken != key)
      let headers = try await world.log().filter { $0.isForResource && $0.path == "/mcp" }.compactMap {
        $0.headers.member("authorization")?.string
      }
      #expect(headers.allSatisfy { $0.hasPrefix("DPoP ") })
    }
  }

  @Test func clientCredentials() async throws {
    let client = #"{"client_id":"m","client_secret":"s","token_endpoint_auth_method":"client_secret_basic"}"#
    try await OAuthWorld.run(#"{"dpop":"nonce","clients":[\#(client)]}"#) { _, world in
      world.profile.grant = .clientCredentials
      world.profile.clientID = "m"
      world.profile.clientSecret = "s"
      #expect(try await world.call(world.authorizer()).status == 200)
      let key = try #require(try world.tokens().dpopKey)
      try world.expire(in: -1)
      #expect(try await world.call(world.authorizer()).status == 200)
      #expect(try world.tokens().dpopKey == key)
    }
  }

  @Test(arguments: ["", "a b", "ä", String(repeating: "x", count: 2000), nil] as [String?])
  func noNonce(_ text: String?) {
    #expect(DPoPProof.nonce(text) == nil)
  }
}
