import Glibc
import HTTPClient
import Platform
import Protocol
import TestSupport
import Testing

@testable import OAuth

/// Tokens without a person.
struct ClientCredentialsTests {
  @Test("auth/client-credentials-basic and -post", arguments: ["client_secret_basic", "client_secret_post"])
  func secret(_ method: String) async throws {
    let client = #"{"client_id":"machine:1","client_secret":"s%/+","token_endpoint_auth_method":"\#(method)"}"#
    let options =
      #"{"clients":[\#(client)],"metadata":{"token_endpoint_auth_methods_supported":["\#(method)"],"#
      + #""authorization_endpoint":null,"code_challenge_methods_supported":null},"resource_scopes":["mcp"]}"#
    try await OAuthWorld.run(options) { _, world in
      world.profile.grant = .clientCredentials
      world.profile.clientID = "machine:1"
      world.profile.clientSecret = "s%/+"
      let authorizer = world.authorizer()
      #expect(try await world.call(authorizer).status == 200)
      #expect(try await world.call(authorizer).status == 200)
      #expect(try await world.tokenRequests().count == 1)
      let entry = try #require(try world.entry())
      #expect(entry.serverURL == world.resource)
      #expect(entry.tokens?.refreshToken == nil)
      #expect(entry.tokens?.scope == "mcp")
      #expect(entry.discovery?.authorizationServer == world.issuer)
      // Nothing of the configuration's secret is in the store.
      #expect(entry.clientInfo == nil)
      // Another worker uses what is stored; once it has expired, a new one is obtained with the known record.
      #expect(try await world.call(world.authorizer()).status == 200)
      #expect(try await world.tokenRequests().count == 1)
      let count = try await world.log().filter { $0.path.contains(".well-known") }.count
      try world.expire(in: -1)
      #expect(try await world.call(authorizer).status == 200)
      #expect(try await world.tokenRequests().count == 2)
      #expect(try await world.log().filter { $0.path.contains(".well-known") }.count == count)
    }
  }

  @Test("auth/client-credentials-jwt", arguments: [JWSAlgorithm.es256, .edDSA, .rs256, .ps256])
  func privateKey(_ algorithm: JWSAlgorithm) async throws {
    try await OAuthWorld.run { _, world in
      let keys = try await OAuthPeer.ask(world.client, "/keys", #"{"alg":"\#(algorithm.rawValue)"}"#)
      let pair = (try #require(keys.member("private")?.string), try #require(keys.member("public")))
      let path = world.directory.file("key.pem")
      try write(pair.0, to: path)
      let publicKey = String(decoding: pair.1.bytes, as: UTF8.self)
      try await world.change(
        #"{"clients":[{"client_id":"m","token_endpoint_auth_method":"private_key_jwt","alg":"\#(algorithm.rawValue)","#
          + #""public_key":\#(publicKey)}]}"#)
      world.profile.grant = .clientCredentials
      world.profile.clientID = "m"
      world.profile.privateKeyFile = path
      // Each key has its own; only RSA has a choice.
      if algorithm == .ps256 { world.profile.signingAlgorithm = .ps256 }
      #expect(try await world.call(world.authorizer()).status == 200)
      // A key that others can read is not used.
      chmod(path, 0o644)
      try world.expire(in: -1)
      let failure = try await world.callFailure(world.authorizer())
      #expect(failure.detail.contains("others have access to it"))
    }
  }

  @Test func wrongSecret() async throws {
    let client = #"{"client_id":"m","client_secret":"right","token_endpoint_auth_method":"client_secret_basic"}"#
    try await OAuthWorld.run(#"{"clients":[\#(client)]}"#) { _, world in
      world.profile.grant = .clientCredentials
      world.profile.clientID = "m"
      world.profile.clientSecret = "wrong"
      let authorizer = world.authorizer()
      let failure = try await world.callFailure(authorizer)
      #expect(failure.code == .authMissing)
      #expect(failure.detail.contains("(invalid_client)"))
      // It is not tried again with every call.
      _ = try await world.callFailure(authorizer)
      #expect(try await world.tokenRequests().count == 1)
    }
  }

  @Test("the secret goes to the permitted authorization server only")
  func pinnedIssuer() async throws {
    let client = #"{"client_id":"m","client_secret":"s","token_endpoint_auth_method":"client_secret_basic"}"#
    try await OAuthWorld.run(#"{"clients":[\#(client)]}"#) { _, world in
      world.profile.grant = .clientCredentials
      world.profile.clientID = "m"
      world.profile.clientSecret = "s"
      world.profile.issuer = "https://as.test"
      let failure = try await world.callFailure(world.authorizer())
      #expect(failure.detail.contains("auth.issuer permits (https://as.test)"))
      #expect(try await world.tokenRequests().isEmpty)
      world.profile.issuer = world.issuer
      #expect(try await world.call(world.authorizer()).status == 200)
    }
  }

  @Test("auth/scope-step-up and -retry-limit: by itself, and not without an end")
  func stepsUpByItself() async throws {
    let client = #"{"client_id":"m","client_secret":"s","token_endpoint_auth_method":"client_secret_basic"}"#
    let options =
      #"{"clients":[\#(client)],"scopes":["a","b","c","d","e"],"resource_scopes":["a"],"required_scopes":["b"]}"#
    try await OAuthWorld.run(options) { _, world in
      world.profile.grant = .clientCredentials
      world.profile.clientID = "m"
      world.profile.clientSecret = "s"
      let authorizer = world.authorizer()
      #expect(try await world.call(authorizer).status == 200)
      #expect(try world.tokens().scope == "a b")
      for scope in ["c", "d"] {
        try await world.change(#"{"required_scopes":["\#(scope)"]}"#)
        #expect(try await world.call(authorizer).status == 200)
      }
      #expect(try world.tokens().scope == "a b c d")
      #expect(try await world.tokenRequests().count == 4)
      try await world.change(#"{"required_scopes":["e"]}"#)
      let failure = try await world.callFailure(authorizer)
      #expect(failure.detail.contains(#"the scope "e""#))
      #expect(try await world.tokenRequests().count == 4)
    }
  }

  @Test("what was asked for once is not asked for again")
  func refusesWhatItGranted() async throws {
    let client = #"{"client_id":"m","client_secret":"s","token_endpoint_auth_method":"client_secret_basic"}"#
    let options = #"{"clients":[\#(client)],"scopes":["a","b"],"required_scopes":["b"]}"#
    try await OAuthWorld.run(options) { _, world in
      world.profile.grant = .clientCredentials
      world.profile.clientID = "m"
      world.profile.clientSecret = "s"
      let authorizer = world.authorizer()
      #expect(try await world.call(authorizer).status == 200)
      // A server that is never satisfied.
      try await world.change(#"{"never_enough":true}"#)
      #expect(try await world.callFailure(authorizer).detail.contains("it was asked for already"))
      #expect(try await world.tokenRequests().count == 2)
    }
  }

  private func write(_ text: String, to path: String) throws {
    let file = try OwnedDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
    _ = text.withCString { Glibc.write(file.number, $0, text.utf8.count) }
  }
}
