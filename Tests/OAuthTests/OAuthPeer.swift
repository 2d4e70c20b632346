import HTTPClient
import Platform
import Protocol
import TestSupport

@testable import OAuth

/// `Tests/Peers/oauth/authorization_server.py` as a process of its own, one for all tests. It ends with the test program,
/// whose end closes its standard input.
enum OAuthPeer {
  private static let program = Result {
    try PeerProgram("Tests/Peers/oauth/authorization_server.py", python: ".venv-sdk1/bin/python")
  }

  /// One request to the peer's control address.
  static func ask(
    _ client: HTTPClient, _ path: String, _ body: String? = nil, isolation: isolated (any Actor)? = #isolation
  ) async throws -> JSONSlice {
    let control = try program.get().announcement.member("control")?.string ?? ""
    guard let url = HTTPURL("\(control)\(path)") else { throw TestFailure("no URL: \(control)\(path)") }
    var request = HTTPRequest(body == nil ? "GET" : "POST", url, body: body.map { Array($0.utf8) })
    request.totalTimeout = .seconds(60)
    request.bodyLimit = 64 << 20
    let answer = try await client.fetch(request, isolation: isolation)
    guard answer.head.isSuccess else { throw TestFailure("\(path): \(answer.head.status)") }
    return try JSONSlice(validating: answer.body)
  }
}

/// A protected resource and its authorization server in the peer, with a store and a client of its own.
struct OAuthWorld {
  let client: HTTPClient
  let loop: EventLoop
  let files: BlockingThread
  let directory: ScratchDirectory
  let id: Int
  let resource: String
  let issuer: String
  var profile: OAuthProfile

  var store: CredentialStore { CredentialStore(path: directory.file("auth.json")) }
  var resourceURL: HTTPURL { profile.url }

  /// Runs `body` with a new world, on a loop of its own.
  static func run(
    _ options: String = "{}", _ body: @Sendable (isolated LoopThread, inout OAuthWorld) async throws -> Void
  ) async throws {
    try await WorldGate.shared.pass {
      try await LoopThread.run { thread in
        var world = try await make(options, thread.loop)
        try await body(thread, &world)
      }
    }
  }

  /// A new world; `loop` is the caller's.
  static func make(
    _ options: String, _ loop: EventLoop, isolation: isolated (any Actor)? = #isolation
  ) async throws -> OAuthWorld {
    let client = HTTPClient(loop: loop, settings: .init(userAgent: "warmplane-test"))
    let world = try await OAuthPeer.ask(client, "/worlds", options, isolation: isolation)
    guard let id = world.member("id")?.int, let resource = world.member("resource")?.string,
      let issuer = world.member("issuer")?.string,
      let profile = OAuthProfile(server: "docs", serverURL: resource)
    else { throw TestFailure("the peer made no world") }
    return OAuthWorld(
      client: client, loop: loop, files: try BlockingThread(name: "test-files"), directory: try ScratchDirectory(),
      id: id, resource: resource, issuer: issuer, profile: profile)
  }

  /// Changes options of the running world.
  func change(_ options: String, isolation: isolated (any Actor)? = #isolation) async throws {
    _ = try await OAuthPeer.ask(client, "/worlds/\(id)", options, isolation: isolation)
  }

  /// Makes all access tokens invalid.
  func forget(isolation: isolated (any Actor)? = #isolation) async throws {
    _ = try await OAuthPeer.ask(client, "/worlds/\(id)/forget", "{}", isolation: isolation)
  }

  struct Request {
    let method: String
    let path: String
    let query: String
    let headers: JSONSlice
    let form: JSONSlice?
    let json: JSONSlice?
    /// Whether the resource got it, not the authorization server.
    let isForResource: Bool
  }

  /// The requests so far.
  func log(isolation: isolated (any Actor)? = #isolation) async throws -> [Request] {
    try await OAuthPeer.ask(client, "/worlds/\(id)/log", isolation: isolation).elements.map { entry in
      Request(
        method: entry.member("method")?.string ?? "", path: entry.member("path")?.string ?? "",
        query: entry.member("query")?.string ?? "", headers: entry.member("headers") ?? .emptyObject,
        form: entry.member("form"), json: entry.member("json"),
        isForResource: resource.hasPrefix("http://\(entry.member("host")?.string ?? "")/"))
    }
  }

  func tokenRequests(isolation: isolated (any Actor)? = #isolation) async throws -> [Request] {
    try await log(isolation: isolation).filter { $0.path.hasSuffix("/token") }
  }

  // MARK: Logging in

  /// What a browser would come back with.
  func browse(_ url: HTTPURL, isolation: isolated (any Actor)? = #isolation) async throws -> String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("url", url.description)
    writer.endObject()
    let text = String(decoding: writer.finish(), as: UTF8.self)
    let answer = try await OAuthPeer.ask(client, "/browse", text, isolation: isolation)
    guard let location = answer.member("location")?.string else {
      throw TestFailure("the browser stays: \(answer.member("text")?.string ?? "")")
    }
    return location
  }

  /// Discovers, and keeps that in the store.
  @discardableResult
  func discover(isolation: isolated (any Actor)? = #isolation) async throws -> DiscoveryRecord {
    let record = try await DiscoveryRun.record(of: profile, client, isolation: isolation)
    try store.update("docs") { entry in
      var new = entry ?? StoreEntry()
      new.adopt(record, for: profile.serverURL)
      entry = new
    }
    return record
  }

  /// The whole login, as the command does it.
  @discardableResult
  func logIn(isolation: isolated (any Actor)? = #isolation) async throws -> LoginAttempt {
    let record = try await discover(isolation: isolation)
    let login = Login(profile, client)
    let attempt = try await login.prepare(record, entry(), isolation: isolation)
    try store.update("docs") { if $0 != nil { attempt.save(in: &$0!) } }
    let location = try await browse(attempt.authorizationURL, isolation: isolation)
    let query = location.split(separator: "?", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
    switch AuthorizationResponse(FormEncoding.decode(query), attempt.expectation) {
    case .code(let code):
      let tokens = try await login.exchange(
        code: code, verifier: attempt.verifier, client: attempt.client, pending: attempt.pending, record,
        isolation: isolation)
      try store.update("docs") { entry in
        entry?.finishLogin(tokens, as: attempt.client, state: attempt.state, configured: profile.scope)
      }
    case .failed(let reason): throw LoginFailure(reason)
    case let other: throw TestFailure("\(other): \(location)")
    }
    return attempt
  }

  func entry() throws -> StoreEntry? { try store.read().entry("docs") }

  func tokens() throws -> StoredTokens {
    guard let tokens = try entry()?.tokens else { throw TestFailure("there are no tokens") }
    return tokens
  }

  /// Makes the stored tokens expire `seconds` from now.
  func expire(in seconds: Int64) throws {
    try store.update("docs") { $0?.tokens?.expiresAt = EpochSeconds.now + seconds }
  }

  // MARK: Requests with tokens

  func authorizer(_ log: @escaping @Sendable (OAuthNotice) -> Void = { _ in }) -> OAuthAuthorizer {
    let client = HTTPClient(loop: loop, settings: .init(userAgent: "warmplane-test"))
    return OAuthAuthorizer(profile, store: store, key: "docs", client: client, loop: loop, files: files, log: log)
  }

  /// One operation as a worker makes it: authorize, send, and after a refusal again.
  func call(
    _ authorizer: OAuthAuthorizer, isolation: isolated (any Actor)? = #isolation
  ) async throws -> (status: Int, generation: Int) {
    var refusals = 0
    while true {
      let authorization = try await withCheckedContinuation { continuation in
        authorizer.authorize(method: "POST", url: resourceURL) { continuation.resume(returning: $0) }
      }.get()
      var request = HTTPRequest("POST", resourceURL, fields: authorization.fields, body: [])
      request.totalTimeout = .seconds(30)
      request.bodyLimit = 1 << 20
      let head = try await client.fetch(request, isolation: isolation).head
      authorizer.received(head, authorization)
      guard head.status == 401 || head.status == 403 else {
        return (head.status, authorization.generation)
      }
      refusals += 1
      let isLast = refusals == 4
      let verdict = await withCheckedContinuation { continuation in
        authorizer.refused(head, authorization, isLast: isLast) { continuation.resume(returning: $0) }
      }
      if case .final(let failure) = verdict { throw failure }
    }
  }

  // MARK: What must fail
  // The closure of `#expect(throws:)` would not be on the loop.

  func discoveryFailure(isolation: isolated (any Actor)? = #isolation) async throws -> DiscoveryFailure {
    do {
      try await discover(isolation: isolation)
    } catch let failure as DiscoveryFailure {
      return failure
    }
    throw TestFailure("discovery did not fail")
  }

  func loginFailure(isolation: isolated (any Actor)? = #isolation) async throws -> LoginFailure {
    do {
      try await logIn(isolation: isolation)
    } catch let failure as LoginFailure {
      return failure
    }
    throw TestFailure("the login did not fail")
  }

  func callFailure(
    _ authorizer: OAuthAuthorizer, isolation: isolated (any Actor)? = #isolation
  ) async throws -> AuthorizationFailure {
    do {
      let answer = try await call(authorizer, isolation: isolation)
      throw TestFailure("the call did not fail: \(answer.status)")
    } catch let failure as AuthorizationFailure {
      return failure
    }
  }
}
