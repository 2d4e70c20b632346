import HTTPClient
import Platform
import Protocol
import Synchronization
import TestSupport
import Testing

@testable import UpstreamWorker

/// Credentials that change: what a link over HTTP makes of an authorizer's answers.
@Suite(.serialized, .timeLimit(.minutes(5))) struct HTTPAuthorizerTests {
  @Test func otherCredentialsMeanAnotherSession() async throws {
    let peer = try await MCPPeer.start("--get", "200")
    let link = try await TestLink(peer)
    #expect(try await link.start() == nil)
    // Longer than a busy machine needs for what comes meanwhile.
    let slow = await link.call("sleep", #"{"ms":4000}"#)
    #expect(await eventually { peer.entries("tools/call").count == 1 })
    link.authorizer.set("Bearer two")
    #expect(try await link.answer(link.call("echo", #"{"n":1}"#)).text == #"{"n":1}"#)
    #expect(peer.entries("initialize").map { $0.field("authorization") } == ["Bearer one", "Bearer two"])
    let sessions = peer.entries("tools/call").compactMap { $0.field("mcp-session-id") }
    #expect(Set(sessions).count == 2 && peer.entries("DELETE").isEmpty, "the old one is in use")
    #expect(try await link.answer(slow).text == "slept")
    #expect(await eventually { peer.entries("DELETE").count == 1 })
    #expect(peer.first("DELETE")?.field("mcp-session-id") == sessions.first)
    #expect(await eventually { peer.entries("GET").count == 2 })
    #expect(try await link.answer(link.call("count")).text == "3", "nothing ran twice")
  }

  @Test func aModernUpstreamHasNoSession() async throws {
    let peer = try await MCPPeer.start("--era", "modern")
    let link = try await TestLink(peer)
    #expect(try await link.start() == nil)
    link.authorizer.set("Bearer two")
    #expect(try await link.answer(link.call("echo")).text == "{}")
    #expect(peer.entries("server/discover").count == 1)
    #expect(peer.first("tools/call")?.field("authorization") == "Bearer two")
  }

  /// The event stream of 2024-11-05 is the session: with another token there is another one, and who waits for an answer
  /// on the old stream gets it.
  @Test func theEventStreamIsOpenedAgain() async throws {
    let peer = try await MCPPeer.start("--era", "old", "--version", "2024-11-05")
    let link = try await TestLink(peer)
    #expect(try await link.start() == nil)
    let slow = await link.call("sleep", #"{"ms":1500}"#)
    #expect(await eventually { peer.entries("tools/call").count == 1 })
    link.authorizer.set("Bearer two")
    #expect(try await link.answer(link.call("echo", #"{"n":1}"#)).text == #"{"n":1}"#)
    #expect(peer.entries("GET").map { $0.field("authorization") } == ["Bearer one", "Bearer two"])
    // No other generation is tried, and nothing is asked twice.
    #expect(peer.entries("initialize").suffix(1).map { $0.field("authorization") } == ["Bearer two"])
    #expect(peer.entries("server/discover").count == 1 && peer.entries("initialize").count == 3)
    #expect(try await link.answer(slow).text == "slept")
    #expect(await eventually { peer.entries("left").count == 1 }, "the old stream is closed after its last answer")
    #expect(try await link.answer(link.call("count")).text == "3", "nothing ran twice")
  }

  @Test func aRefusedTokenIsReplaced() async throws {
    let peer = try await MCPPeer.start("--token", "Bearer two", "--no-session")
    let link = try await TestLink(peer)
    link.authorizer.replacements = ["Bearer two"]
    #expect(try await link.start() == nil)
    #expect(peer.journal.prefix(2).map { $0.field("authorization") } == ["Bearer one", "Bearer two"])
    #expect(link.authorizer.refusals == 1)
    link.authorizer.set("Bearer three")
    link.authorizer.replacements = ["Bearer four"]
    let answer = try await link.answer(link.call("echo"))
    #expect(answer.failure == "failed/unauthorized" && answer.detail == "it wants another token")
    guard case .failed(let failure) = answer.outcome else { return }
    #expect(failure.code == .authExpired)
    #expect(link.authorizer.refusals == 3 && peer.entries("tools/call").count == 2)
    link.authorizer.set("Bearer two")
    #expect(try await link.answer(link.call("count")).text == "1", "the session goes on, and nothing ran")
  }

  @Test func aStartWithoutCredentials() async throws {
    let peer = try await MCPPeer.start()
    let link = try await TestLink(peer)
    link.authorizer.set(nil)
    let end = try #require(try await link.start())
    #expect(end.detail == "has no token" && end.readiness == .authMissing && peer.journal.isEmpty)
  }

  @Test func aCallWithoutCredentials() async throws {
    let peer = try await MCPPeer.start()
    let link = try await TestLink(peer)
    #expect(try await link.start() == nil)
    link.authorizer.set(nil)
    let answer = try await link.answer(link.call("echo"))
    #expect(answer.failure == "failed/unauthorized" && answer.detail == "it has no token")
    #expect(peer.entries("tools/call").isEmpty)
  }
}

/// An authorizer that does what the test says.
private final class TestAuthorizer: RequestAuthorizer, Sendable {
  private struct State {
    var token: String? = "Bearer one"
    var generation = 1
    var replacements: [String] = []
    var refusals = 0
  }

  private let state = Mutex(State())

  func set(_ token: String?) {
    state.withLock {
      $0.token = token
      $0.generation += 1
    }
  }

  /// What a refused token is replaced by; without any the refusal is final.
  var replacements: [String] {
    get { state.withLock { $0.replacements } }
    set { state.withLock { $0.replacements = newValue } }
  }

  var refusals: Int { state.withLock { $0.refusals } }

  func authorize(
    method: String, url: HTTPURL, _ completion: @escaping (Result<Authorization, AuthorizationFailure>) -> Void
  ) {
    let (token, generation) = state.withLock { ($0.token, $0.generation) }
    guard let token else { return completion(.failure(AuthorizationFailure(.authMissing, "has no token"))) }
    completion(.success(Authorization(fields: [HTTPField("Authorization", token)], generation: generation)))
  }

  func refused(
    _ head: HTTPResponseHead, _ authorization: Authorization, isLast: Bool,
    _ completion: @escaping (AuthorizationVerdict) -> Void
  ) {
    let next = state.withLock { state in
      state.refusals += 1
      return state.replacements.isEmpty ? nil : state.replacements.removeFirst()
    }
    guard let next else {
      return completion(.final(AuthorizationFailure(.authExpired, "wants another token")))
    }
    set(next)
    completion(.repeatRequest)
  }

  func received(_ head: HTTPResponseHead, _ authorization: Authorization) {}

  func settle(_ completion: @escaping () -> Void) { completion() }
}

/// A link over HTTP in this process.
private final class TestLink: Sendable {
  let authorizer = TestAuthorizer()
  private let thread: LoopThread
  private let link: LoopBound<UpstreamLink>
  private let started = Mutex<Result<UpstreamSession, UpstreamEnd>?>(nil)
  private let answers = Mutex<[OperationID: CallAnswer]>([:])
  private let url: HTTPURL

  init(_ peer: MCPPeer) async throws {
    let thread = try LoopThread()
    self.thread = thread
    guard let url = HTTPURL(peer.url()) else { throw TestFailure("no URL") }
    self.url = url
    let box = Mutex<TestLink?>(nil)
    link = await thread.run { on in
      let launch = UpstreamLaunch(
        server: "test", fingerprint: "f", mark: "m", transport: .http(HTTPLaunch(url: peer.url())),
        startTimeoutMilliseconds: 20_000, discoverTimeoutMilliseconds: 5_000, graceMilliseconds: 200,
        orphanSeconds: 10, era: nil)
      return LoopBound(
        UpstreamLink(
          loop: on.loop, launch: launch,
          handlers: UpstreamLink.Handlers(
            firstAnswer: {}, started: { result in box.withLock { $0 }?.started.withLock { $0 = result } },
            ended: { _ in },
            answer: { answer in
              box.withLock { $0 }?.answers.withLock { $0[answer.operation] = answer }
            },
            progress: { _, _ in }, notification: { _ in }, catalogChanged: {}, hasLog: {}, gone: {})))
    }
    box.withLock { $0 = self }
  }

  /// Opens the session; returns why there is none.
  func start() async throws -> UpstreamEnd? {
    let (link, authorizer, url) = (link, authorizer, url)
    await thread.run { on in
      link.value.start { events in
        guard case .http(let http) = link.value.launch.transport else { fatalError("a test launch without URL") }
        return HTTPTransport(
          loop: on.loop, upstream: link.value.launch, launch: http, url: url, authorizer: authorizer,
          ids: link.value.ids, events: events)
      }
    }
    guard await eventually({ self.started.withLock { $0 != nil } }) else { throw TestFailure("it did not start") }
    if case .failure(let end)? = started.withLock({ $0 }) { return end }
    return nil
  }

  func call(_ tool: String, _ arguments: String = "{}") async -> OperationID {
    let operation = OperationID.random()
    let frame = CallFrame(
      operation: operation, blob: .emptyObject, method: "tools/call",
      parameters: .trusted(#"{"name":"\#(tool)","arguments":\#(arguments)}"#), timeoutMilliseconds: 20_000,
      traceparent: nil, wantsProgress: false, acknowledged: [])
    let link = link
    await thread.run { _ in link.value.call(frame) }
    return operation
  }

  func answer(_ operation: OperationID) async throws -> CallAnswer {
    guard await eventually({ self.answers.withLock { $0[operation] != nil } }) else { throw TestFailure("no answer") }
    return answers.withLock { $0[operation]! }
  }
}
