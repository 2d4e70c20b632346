import HTTPClient
import Platform
import Protocol
import TestSupport
import Testing

@testable import OAuth

/// What becomes of a request whose token the server refuses.
struct AuthorizerRefusalTests {
  @Test func renewsOnceAfter401() async throws {
    try await OAuthWorld.run { _, world in
      try await world.logIn()
      let authorizer = world.authorizer()
      #expect(try await world.call(authorizer).generation == 1)
      try await world.forget()
      let call = try await world.call(authorizer)
      #expect(call.status == 200)
      #expect(call.generation == 2)
      #expect(try await world.tokenRequests().count == 2)
    }
  }

  @Test func refusedWithoutRefreshToken() async throws {
    try await OAuthWorld.run(#"{"refresh":false}"#) { _, world in
      try await world.logIn()
      try await world.forget()
      let failure = try await world.callFailure(world.authorizer())
      #expect(failure.code == .authExpired)
      #expect(failure.detail.contains("warmplane auth login docs"))
      #expect(try world.entry()?.discovery?.discoveredAt == nil)
    }
  }

  @Test("tokens that were revoked at the authorization server are not used for ever")
  func revoked() async throws {
    try await OAuthWorld.run { _, world in
      try await world.logIn()
      let authorizer = world.authorizer()
      #expect(try await world.call(authorizer).status == 200)
      let (tokens, client) = (try world.tokens(), try #require(try world.entry()?.clientInfo))
      let authentication = ClientAuthentication(
        client, supported: try world.entry()?.discovery?.tokenEndpointAuthMethodsSupported)
      for token in [tokens.accessToken, tokens.refreshToken ?? ""] {
        let form = FormEncoding.encode([
          .init("token", token), .init("client_id", client.clientID), .init("client_secret", client.clientSecret ?? ""),
        ])
        var request = HTTPRequest("POST", try #require(HTTPURL("\(world.issuer)/revoke")), body: Array(form.utf8))
        request.fields = [HTTPField("Content-Type", "application/x-www-form-urlencoded")]
        if case .basic(let secret) = authentication {
          let pair = "\(FormEncoding.encode(client.clientID)):\(FormEncoding.encode(secret))"
          request.fields.append(HTTPField("Authorization", "Basic \(Base64.encode(pair.utf8))"))
        }
        request.bodyLimit = 1 << 20
        #expect(try await world.client.fetch(request).head.status == 200)
      }
      let failure = try await world.callFailure(authorizer)
      #expect(failure.code == .authExpired && failure.detail.contains("invalid_grant"), "\(failure)")
      #expect(try world.tokens().refreshToken == nil)
    }
  }

  @Test("a new token that is refused, too, is not renewed again, in no process")
  func refusedAfterRenewal() async throws {
    try await OAuthWorld.run { _, world in
      try await world.logIn()
      try await world.change(#"{"reject_tokens":true}"#)
      for _ in 0..<3 {
        // Each is what a worker is that was started anew.
        let failure = try await world.callFailure(world.authorizer())
        #expect(failure.code == .authExpired)
        #expect(failure.detail == "refuses even a new access token (401); run: warmplane auth login docs")
        #expect(try await world.tokenRequests().count == 2)
      }
      #expect(try world.entry()?.unproven != nil)
      // Some minutes later it may be tried again.
      try world.store.update("docs") { $0?.unproven?.since -= 600 }
      _ = try await world.callFailure(world.authorizer())
      #expect(try await world.tokenRequests().count == 3)
      try await world.change(#"{"reject_tokens":false}"#)
      let authorizer = world.authorizer()
      #expect(try await world.call(authorizer).status == 200)
      #expect(await eventually { (try? world.entry()?.unproven == nil) ?? false }, "an accepted token is proved")
      // So the next refusal is one of age, and is seen to.
      try await world.forget()
      #expect(try await world.call(authorizer).status == 200)
      #expect(try await world.tokenRequests().count == 4)
    }
  }

  @Test("auth/scope-step-up: the daemon reports, and the login asks for the union")
  func stepUpOfAPerson() async throws {
    let options = #"{"scopes":["read","write"],"resource_scopes":["read"],"required_scopes":["read","write"]}"#
    try await OAuthWorld.run(options) { _, world in
      try await world.logIn()
      let failure = try await world.callFailure(world.authorizer())
      #expect(failure.code == .authMissing)
      #expect(failure.detail.contains(#"the scope "read write" for this (403 insufficient_scope)"#))
      #expect(failure.detail.contains("warmplane auth login docs"))
      #expect(try await world.tokenRequests().count == 1)
      #expect(try world.entry()?.challengedScope == "read write")
      // What is registered does not cover it.
      let client = try world.entry()?.clientInfo
      try await world.logIn()
      #expect(try world.entry()?.clientInfo?.clientID != client?.clientID)
      #expect(try world.tokens().scope == "read write")
      #expect(try await world.call(world.authorizer()).status == 200)
    }
  }

  @Test("auth/scope-retry-limit: three logins for more scope, and then an error that says so")
  func noStepUpWithoutEnd() async throws {
    try await OAuthWorld.run(#"{"scopes":["a"],"required_scopes":["a"],"never_enough":true}"#) { _, world in
      try await world.logIn()
      for step in 1...3 {
        let failure = try await world.callFailure(world.authorizer())
        #expect(failure.detail.hasSuffix("; run: warmplane auth login docs"), "\(failure.detail)")
        #expect(try world.entry()?.challengedScope == "a")
        try await world.logIn()
        #expect(try world.entry()?.stepUps == StepUps(count: Int64(step), configuredScope: nil))
      }
      let failure = try await world.callFailure(world.authorizer())
      #expect(failure.detail.contains("more scope has been asked for 3 times, which is the end of it"))
      #expect(failure.detail.hasSuffix("auth.scope, then: warmplane auth login docs"))
      #expect(try world.entry()?.challengedScope == nil)
      // Another configured scope is a new beginning, and so is a login that asks for nothing more.
      world.profile.scope = "a"
      #expect(try await world.callFailure(world.authorizer()).detail.hasSuffix("; run: warmplane auth login docs"))
      world.profile.scope = nil
      try world.store.update("docs") { $0?.challengedScope = nil }
      try await world.logIn()
      #expect(try world.entry()?.stepUps == nil)
    }
  }

  @Test func forbidden() async throws {
    try await OAuthWorld.run(#"{"required_scopes":["x"]}"#) { _, world in
      let authorizer = world.authorizer()
      let head = HTTPResponseHead(status: 403, fields: [], url: world.resourceURL)
      let verdict = await withCheckedContinuation { continuation in
        authorizer.refused(head, Authorization(fields: [], generation: 0), isLast: false) {
          continuation.resume(returning: $0)
        }
      }
      guard case .final(let failure) = verdict else {
        Issue.record("not final")
        return
      }
      #expect(failure.detail.contains("403"))
    }
  }
}
