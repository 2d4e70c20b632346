import Glibc
import HTTPClient
import Platform
import Protocol
import TestSupport
import Testing

@testable import OAuth

/// Tokens of one server as its requests see them: when they are renewed, what happens when that fails, and who wins when
/// several change the store.
struct AuthorizerTests {
  // MARK: When

  @Test(arguments: [(360, 0), (299, 1), (1, 1), (-5, 1)] as [(Int64, Int)])
  func renewsInTime(_ seconds: Int64, _ expected: Int) async throws {
    try await OAuthWorld.run { _, world in
      try await world.logIn()
      let old = try world.tokens()
      let authorizer = world.authorizer()
      #expect(try await world.call(authorizer).generation == 1)
      try world.expire(in: seconds)
      let call = try await world.call(authorizer)
      #expect(call.status == 200)
      let refreshes = try await world.tokenRequests().dropFirst()
      #expect(refreshes.count == expected)
      let new = try world.tokens()
      #expect((new.refreshToken != old.refreshToken) == (expected == 1))
      #expect(call.generation == 1 + expected)
      if let form = refreshes.first?.form {
        let names = form.members.map { $0.key.string ?? "" }
        #expect(names == ["grant_type", "refresh_token", "client_id", "resource"])
        #expect(form.member("refresh_token")?.string == old.refreshToken)
        #expect(form.member("resource")?.string == world.resource)
        #expect(try #require(new.expiresAt) > EpochSeconds.now + 3000)
      }
      _ = try await world.call(authorizer)
      #expect(try await world.tokenRequests().count == 1 + expected)
    }
  }

  @Test("a token that lives no longer than the margin is not renewed with every request")
  func shortLives() async throws {
    try await OAuthWorld.run(#"{"lifetime":60}"#) { _, world in
      try await world.logIn()
      let authorizer = world.authorizer()
      for _ in 0..<5 { #expect(try await world.call(authorizer).status == 200) }
      #expect(try await world.tokenRequests().count == 2)
    }
  }

  @Test("what another process obtains counts for the next request, and so does a logout")
  func changesByOthers() async throws {
    try await OAuthWorld.run { _, world in
      try await world.logIn()
      let authorizer = world.authorizer()
      let first = try await world.call(authorizer)
      try await world.logIn()
      let second = try await world.call(authorizer)
      #expect(second.status == 200)
      #expect(second.generation == first.generation + 1)
      #expect(try await world.call(authorizer).generation == second.generation)
      try world.store.update("docs") { $0 = nil }
      let failure = try await world.callFailure(authorizer)
      #expect(failure == OAuthSentence.missing(world.profile))
    }
  }

  // MARK: What is missing

  @Test func readinessCodes() async throws {
    try await OAuthWorld.run { _, world in
      let authorizer = world.authorizer()
      func code() async throws -> ReadinessCode {
        try await world.callFailure(authorizer).code
      }
      #expect(try await world.callFailure(authorizer).code == .authMissing)
      try world.store.update("docs") { entry in
        var new = StoreEntry()
        new.tokens = StoredTokens(accessToken: "A", expiresAt: EpochSeconds.now - 1)
        entry = new
      }
      var failure = try await world.callFailure(authorizer)
      #expect(failure.code == .authExpired)
      #expect(failure.detail.contains("warmplane auth login docs"))
      try world.store.update("docs") { $0?.tokens?.refreshToken = "R" }
      failure = try await world.callFailure(authorizer)
      #expect(failure.code == .authDiscoveryMissing)
      #expect(failure.detail.contains("warmplane auth discover docs"))
      try world.store.update("docs") { $0?.tokens?.accessToken = " " }
      #expect(try await world.callFailure(authorizer).code == .authMissing)
      try world.store.update("docs") {
        $0?.tokens = StoredTokens(accessToken: "A")
        $0?.serverURL = "https://other.test/mcp"
      }
      #expect(try await world.callFailure(authorizer).code == .authMissing)
      try write("{", to: world.store.path)
      #expect(try await world.callFailure(authorizer).code == .authStoreUnavailable)
    }
  }

  // MARK: When it fails

  @Test func usesTheCurrentTokenWhileItIsGood() async throws {
    try await OAuthWorld.run { _, world in
      try await world.logIn()
      let old = try world.tokens()
      let notices = NoticeLog()
      let authorizer = world.authorizer { notices.take($0) }
      try world.expire(in: 200)
      try await world.change(#"{"token_faults":[{"status":503,"body":"secret"}]}"#)
      #expect(try await world.call(authorizer).status == 200)
      #expect(
        notices.notices == [
          .reusingToken(error: "has no valid access token: renewing it failed: \(world.issuer)/token answered 503")
        ])
      #expect(notices.notices[0].message == "oauth refresh failed before expiry; reusing current token")
      // Not again with every request.
      #expect(try await world.call(authorizer).status == 200)
      #expect(try await world.tokenRequests().count == 2)
      #expect(try world.tokens().refreshToken == old.refreshToken)
      // Once it has expired, there is no other way.
      try world.expire(in: -1)
      #expect(try await world.call(authorizer).status == 200)
      #expect(try world.tokens().refreshToken != old.refreshToken)
    }
  }

  @Test(
    "outages, odd answers and unknown errors keep the credentials",
    arguments: [
      #"{"status":503}"#, #"{"status":429,"headers":{"Retry-After":"0"}}"#, #"{"status":200,"body":"<html>"}"#,
      #"{"status":200,"body":"{}"}"#, #"{"status":400,"body":"{\"error\":\"invalid_request\"}"}"#, #"{"status":404}"#,
      #"{"status":500,"body":"{\"error\":\"invalid_grant\"}"}"#,
      #"{"status":302,"headers":{"Location":"http://127.0.0.1:1/"}}"#,
    ])
  func transientFailures(_ fault: String) async throws {
    try await OAuthWorld.run { _, world in
      try await world.logIn()
      let old = try world.tokens()
      try world.expire(in: -1)
      try await world.change(#"{"token_faults":[\#(fault)]}"#)
      let failure = try await world.callFailure(world.authorizer())
      #expect(failure.code == .authRefreshFailed)
      #expect(failure.detail.contains("\(world.issuer)/token"))
      #expect(try world.tokens().refreshToken == old.refreshToken)
      // It was no revocation: the next attempt works.
      #expect(try await world.call(world.authorizer()).status == 200)
    }
  }

  @Test func deadRefreshTokenGoes() async throws {
    try await OAuthWorld.run { _, world in
      try await world.logIn()
      try world.store.update("docs") {
        $0?.tokens?.refreshToken = "revoked"
        $0?.tokens?.expiresAt = EpochSeconds.now - 1
      }
      let authorizer = world.authorizer()
      let failure = try await world.callFailure(authorizer)
      #expect(failure.code == .authExpired)
      #expect(failure.detail.contains("(invalid_grant): refresh token does not exist; run: warmplane auth login docs"))
      let entry = try #require(try world.entry())
      #expect(entry.tokens?.refreshToken == nil)
      #expect(entry.clientInfo != nil)
      let count = try await world.tokenRequests().count
      #expect(try await world.callFailure(authorizer).code == .authExpired)
      #expect(try await world.tokenRequests().count == count)
    }
  }

  @Test("a client that the server does not know any more is forgotten, so that a login registers anew")
  func deadClient() async throws {
    try await OAuthWorld.run { _, world in
      try await world.logIn()
      try world.store.update("docs") { $0?.clientInfo?.clientID = "unknown" }
      try world.expire(in: -1)
      #expect(try await world.callFailure(world.authorizer()).code == .authExpired)
      #expect(try world.entry()?.clientInfo == nil)
      try await world.logIn()
      #expect(try await world.call(world.authorizer()).status == 200)
    }
  }

  @Test("a configured client that is refused costs nothing but time")
  func deadConfiguredClient() async throws {
    try await OAuthWorld.run { _, world in
      try await world.logIn()
      let old = try world.tokens()
      try world.expire(in: -1)
      world.profile.clientID = "unknown"
      #expect(try await world.callFailure(world.authorizer()).code == .authExpired)
      #expect(try world.tokens().refreshToken == old.refreshToken)
    }
  }

  @Test("another program that was first wins: its tokens are used, and nothing of them is removed")
  func anotherProgramWasFirst() async throws {
    try await OAuthWorld.run { thread, world in
      try await world.logIn()
      // As OpenCode would do it, without our lock, while our request is under way.
      let record = try #require(try world.entry()?.discovery)
      let old = try world.tokens()
      let client = try #require(try world.entry()?.clientInfo)
      let request = TokenRequest(
        .refresh(token: try #require(old.refreshToken), scope: nil), clientID: client.clientID,
        authentication: ClientAuthentication(client, supported: record.tokenEndpointAuthMethodsSupported),
        resource: world.resource)
      let other = try await TokenEndpoint(try #require(record.tokenEndpoint), world.profile, world.client).send(request)
      try world.expire(in: -1)
      try await world.change(
        #"{"token_faults":[{"delay":0.4,"status":400,"body":"{\"error\":\"invalid_grant\"}"}]}"#)
      let count = try await world.tokenRequests().count
      let authorizer = world.authorizer()
      let call = Task { [world] in
        _ = thread
        return try await world.call(authorizer)
      }
      while try await world.tokenRequests().count == count {}
      try world.store.update("docs") { $0?.tokens = other.tokens(replacing: old, scope: nil, key: nil) }
      #expect(try await call.value.status == 200)
      #expect(try world.tokens().refreshToken == other.refreshToken)
    }
  }

  @Test("a logout during a renewal stays one")
  func logoutDuringRenewal() async throws {
    try await OAuthWorld.run { thread, world in
      try await world.logIn()
      try world.expire(in: -1)
      try await world.change(#"{"token_faults":[{"delay":0.4}]}"#)
      let authorizer = world.authorizer()
      let call = Task { [world] in
        _ = thread
        return try await world.callFailure(authorizer)
      }
      while try await world.tokenRequests().count < 2 {}
      try world.store.update("docs") { $0 = nil }
      #expect(try await call.value.code == .authMissing)
      #expect(try world.entry() == nil)
    }
  }

  @Test("tokens that cannot be saved are used, and saved later")
  func unsavedTokens() async throws {
    try await OAuthWorld.run { _, world in
      try await world.logIn()
      let old = try world.tokens()
      let notices = NoticeLog()
      let authorizer = world.authorizer { notices.take($0) }
      try world.expire(in: -1)
      // A lock that nobody can take, also not root.
      unlink("\(world.store.path).lock")
      mkdir("\(world.store.path).lock", 0o700)
      let first = try await world.call(authorizer)
      #expect(first.status == 200)
      #expect(try await world.call(authorizer).generation == first.generation)
      #expect(try world.tokens().refreshToken == old.refreshToken)
      guard case .notSaved? = notices.notices.first else {
        Issue.record("nobody was told: \(notices.notices)")
        return
      }
      rmdir("\(world.store.path).lock")
      try await world.forget()
      // The refresh token of the store is used up; that in memory is not.
      #expect(try await world.call(authorizer).status == 200)
      #expect(try world.tokens().refreshToken != old.refreshToken)
      #expect(try await world.tokenRequests().count == 3)
    }
  }

  @Test(arguments: [true, false])
  func manyCallsRenewOnce(_ isExpired: Bool) async throws {
    try await OAuthWorld.run { thread, world in
      try await world.logIn()
      let authorizer = world.authorizer()
      _ = try await world.call(authorizer)
      if isExpired { try world.expire(in: -1) } else { try await world.forget() }
      let calls = (0..<50).map { _ in
        Task { [world] in
          _ = thread
          return try await world.call(authorizer)
        }
      }
      for call in calls {
        let answer = try await call.value
        #expect(answer.status == 200)
        #expect(answer.generation == 2)
      }
      #expect(try await world.tokenRequests().count == 2)
    }
  }

  private func write(_ text: String, to path: String) throws {
    let file = try OwnedDescriptor.open(path, O_WRONLY | O_TRUNC)
    _ = text.withCString { Glibc.write(file.number, $0, text.utf8.count) }
  }
}
