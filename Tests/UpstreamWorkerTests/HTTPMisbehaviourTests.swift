import Foundation
import Protocol
import TestSupport
import Testing

/// Answers that nobody wants: each is a clear error, in bounded time and memory, and the session goes on.
@Suite(.serialized, .timeLimit(.minutes(5))) struct HTTPMisbehaviourTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let tool: String
    let arguments: String
    /// Outcome and reason; nil for an answer.
    let failure: String?
    /// What the detail, or the error's message, contains.
    let words: String

    init(_ tool: String, _ failure: String?, _ words: String) { self.init(tool, "{}", failure, words) }

    init(_ tool: String, _ arguments: String, _ failure: String?, _ words: String) {
      self.tool = tool
      self.arguments = arguments
      self.failure = failure
      self.words = words
    }

    var testDescription: String { "\(tool) \(arguments)" }
  }

  private static func status(_ code: Int, _ more: String = "") -> String { #"{"code":\#(code)\#(more)}"# }

  static let cases: [Case] = [
    Case("half", "unknown/upstream_died", "it closed the connection"),
    Case("broken", "failed/bad_answer", "no answer to the request"),
    Case("cut", "unknown/upstream_died", "it closed the connection"),
    Case("nothing", "unknown/upstream_died", "it closed its answer"),
    Case("close", "unknown/upstream_died", "it closed the connection before it answered"),
    Case("status", status(202), "failed/bad_answer", "it accepted the request (HTTP 202) without an answer"),
    Case("status", status(204), "failed/bad_answer", "HTTP 204"),
    Case(
      "status", status(200, #","type":"text/html","body":"<p>hi</p>""#), "failed/bad_answer", "content type text/html"),
    Case(
      "status", status(200, #","type":"application/json","body":"[]""#), "failed/bad_answer", "no answer to the request"
    ),
    Case("status", status(401, #","type":"text/plain","body":"who?""#), "failed/unauthorized", "HTTP 401: who?"),
    Case("status", status(403, #","type":"text/plain","body":"no""#), "failed/http_status", "HTTP 403: no"),
    Case(
      "status", status(429, #","retryAfter":"5","body":"slow down","type":"text/plain""#), "failed/http_status",
      "HTTP 429: slow down"),
    Case("status", status(500), "failed/http_status", "HTTP 500"),
    Case(
      "status", status(503, #","body":"<html>later</html>","type":"text/html""#), "failed/http_status",
      "HTTP 503: <html>later</html>"),
    Case(
      "status", status(400, #","json":{"id":null,"error":{"code":-32000,"message":"bad"}}"#), "failed/http_status",
      "HTTP 400: {"),
    Case("status", status(400, #","json":{"id":"ours","error":{"code":-32602,"message":"bad"}}"#), "rejected", "bad"),
    Case("status", status(500, #","json":{"id":"ours","error":{"code":-32603,"message":"bad"}}"#), "rejected", "bad"),
    Case("status", status(200, #","json":{"id":null,"error":{"code":-32700,"message":"bad"}}"#), "rejected", "bad"),
    Case("status", status(200, #","json":{"id":999,"result":{}}"#), "failed/bad_answer", "no answer to the request"),
    Case(
      "status", status(403, #","type":"text/plain","body":"you are $AUTH in $SESSION""#), "failed/http_status",
      "HTTP 403: you are … in …"),
    Case("redirect", #"{"to":"/mcp"}"#, "failed/bad_answer", "circle"),
    Case("redirect", #"{"to":"http://localhost:1/"}"#, "failed/bad_answer", "another origin"),
    Case("redirect", #"{"to":"/moved","code":302}"#, "failed/bad_answer", "would become a GET"),
    Case("redirect", #"{"to":"/moved"}"#, nil, "moved"), Case("batch", nil, "one of three"),
    Case("foreign", nil, "ours"),
    Case("packed", nil, "unpacked"),
    Case("bomb", "failed/answer_too_large", "grows more than 100 times"),
    Case("bomb", #"{"sse":true}"#, "failed/answer_too_large", "grows more than 100 times"),
    Case("huge", #"{"mib":200}"#, "failed/answer_too_large", "over 66060288 bytes"),
    Case("huge", #"{"mib":200,"sse":true}"#, "failed/answer_too_large", "over 66060288 bytes"),
  ]

  /// One server for all: what one call does must not hurt the next.
  @Test func everyAnswerIsAnErrorOrARecovery() async throws {
    let (peer, harness, client, _) = try await WorkerHarness.http {
      HTTPLaunch(url: $0.url(), credentials: .fixed("Bearer sesame-street"))
    }
    for one in Self.cases {
      let answer = try await client.answer(client.call(one.tool, one.arguments, timeout: 60_000), within: .seconds(60))
      let name = Comment(rawValue: one.testDescription)
      switch answer.outcome {
      case .completed: #expect(one.failure == nil && answer.text == one.words, name)
      case .rejected(let error):
        #expect(one.failure == "rejected" && error.member("message")?.string == one.words, name)
      case .failed, .notSent, .unknown:
        #expect(answer.failure == one.failure, "\(one.testDescription): \(answer.detail ?? "")")
        #expect(answer.detail?.contains(one.words) == true, "\(one.testDescription): \(answer.detail ?? "")")
      }
      #expect(answer.detail?.contains("sesame") != true && answer.detail?.contains("secret-session") != true, name)
    }
    #expect(try await client.answer(client.call("echo")).text == "{}")
    #expect(client.notifications(WorkerMethod.ended).isEmpty && peer.entries("initialize").count == 1)
    #expect(await eventually { !peer.entries("stream closed").isEmpty || peer.sequence.contains("left") })
    let status = try String(contentsOfFile: "/proc/\(harness.process.pid)/status", encoding: .utf8)
    let peak = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }?.split(separator: " ").dropFirst().first
    #expect(peak.flatMap { Int($0) } ?? .max < 300 * 1024, "KiB at most: \(peak ?? "?")")
  }

  @Test(arguments: ["comments"])
  func anEndlessAnswerEndsAtTheDeadline(tool: String) async throws {
    let (peer, _, client, _) = try await WorkerHarness.http()
    #expect(try await client.answer(client.call(tool, timeout: 500)).failure == "unknown/timeout")
    #expect(await eventually { !peer.entries("left").isEmpty }, "nobody reads on")
    #expect(try await client.answer(client.call("echo")).text == "{}")
  }

  @Test func nothingIsExecutedTwice() async throws {
    let (_, _, client, _) = try await WorkerHarness.http()
    // A connection that was used before, closed without an answer: libraries like to try again.
    for tool in ["echo", "close", "echo", "half", "echo", "cut"] { _ = try await client.answer(client.call(tool)) }
    #expect(try await client.answer(client.call("count")).text == "7")
  }

  @Test func credentialsNeverLeaveTheOrigin() async throws {
    let elsewhere = try await MCPPeer.start()
    let (_, _, client, _) = try await WorkerHarness.http {
      HTTPLaunch(
        url: $0.url(), headers: [HTTPLaunch.HeaderField("X-Key", "sesame-street")], credentials: .fixed("Bearer sesame")
      )
    }
    let answer = try await client.answer(client.call("redirect", #"{"to":"\#(elsewhere.url())"}"#))
    #expect(answer.failure == "failed/bad_answer" && answer.detail?.contains("another origin") == true)
    #expect(elsewhere.journal.isEmpty)
  }

  // MARK: Start

  @Test(
    arguments: [
      (["--on", "server/discover=503:0:7"], "answered HTTP 503: refused as told", 7000),
      (["--on", "server/discover=429:0:3"], "answered HTTP 429: refused as told", 3000),
      (["--on", "initialize=500"], "answered HTTP 500: refused as told", nil),
      (["--on", "tools/list=503:0:9"], "gave no tools/list: HTTP 503: refused as told", 9000),
      (["--on", "initialize=200:0::text/html:<p>hi"], "content type text/html", nil),
      (["--on", "initialize=200:0::application/json:half"], "sent JSON that is no answer", nil),
      (["--on", "initialize=202"], "without an answer", nil),
      (["--on", "initialize=405", "--on", "GET=404"], "refused initialize: HTTP 405: refused as told", nil),
      (["--on", "notifications/initialized=503"], "answered HTTP 503", nil),
      (["--token", "Bearer right"], "wants credentials, and its entry has no auth (HTTP 401: who are you?)", nil),
      (["--version", "1999-01-01"], "protocol version 1999-01-01", nil),
    ] as [([String], String, Int?)])
  func aStartThatFails(flags: [String], words: String, retryAfter: Int?) async throws {
    let peer = try await MCPPeer.start(flags)
    let harness = try await WorkerHarness.start()
    let (client, _) = try await harness.connect()
    let failure = try await client.request(WorkerMethod.start) {
      harness.launch(HTTPLaunch(url: peer.url())).write(to: &$0)
    }
    #expect(failure.errorMessage?.contains(words) == true, "\(failure.errorMessage ?? "started")")
    #expect(failure.error?.member("data")?.member("retryAfterMs")?.int == retryAfter)
    #expect(failure.error?.member("data")?.member("readiness") == nil)
    // The same worker starts the next one.
    let good = try await MCPPeer.start()
    _ = try await client.start(harness.launch(HTTPLaunch(url: good.url())))
  }

  @Test(arguments: [
    (["--on", "server/discover=0"], 10_000), (["--on", "server/discover=1"], 300),
    (["--on", "server/discover=200:0::text/html:<p>"], 10_000), (["--on", "server/discover=202"], 10_000),
    (["--on", "notifications/initialized=400"], 10_000),
  ])
  func aStartThatSucceedsAllTheSame(flags: [String], patience: Int) async throws {
    let peer = try await MCPPeer.start(flags)
    let harness = try await WorkerHarness.start()
    let (client, _) = try await harness.connect()
    let session = try await client.start(
      harness.launch(HTTPLaunch(url: peer.url()), discoverTimeout: patience))
    #expect(session.revision == .november2025)
  }

  @Test func credentialsThatAreRefused() async throws {
    let peer = try await MCPPeer.start("--token", "Bearer right")
    let harness = try await WorkerHarness.start()
    let (client, _) = try await harness.connect()
    let failure = try await client.request(WorkerMethod.start) {
      harness.launch(HTTPLaunch(url: peer.url("/mcp?key=hidden"), credentials: .fixed("Bearer wrong-token"))).write(
        to: &$0)
    }
    let message = try #require(failure.errorMessage)
    #expect(message == "refuses the credentials of its entry's auth (HTTP 401: who are you? …)", "\(message)")
    #expect(peer.journal.count == 1, "a fixed credential is not tried again")
  }

  @Test func aServerThatIsNotThere() async throws {
    let peer = try await MCPPeer.start()
    await peer.kill()
    let harness = try await WorkerHarness.start()
    let (client, _) = try await harness.connect()
    let failure = try await client.request(WorkerMethod.start) {
      harness.launch(HTTPLaunch(url: peer.url("/mcp?key=hidden"))).write(to: &$0)
    }
    let message = try #require(failure.errorMessage)
    #expect(message.contains("cannot be reached") && !message.contains("hidden"), "\(message)")
  }

  @Test func aServerThatIsSilent() async throws {
    let peer = try await MCPPeer.start("--on", "initialize=1")
    let harness = try await WorkerHarness.start()
    let (client, _) = try await harness.connect()
    let failure = try await client.request(WorkerMethod.start) {
      harness.launch(HTTPLaunch(url: peer.url()), startTimeout: 700).write(to: &$0)
    }
    #expect(failure.errorMessage == "did not answer initialize within 700 ms")
  }

  // MARK: TLS

  @Test func certificates() async throws {
    let scratch = try ScratchDirectory()
    let (file, key) = (scratch.file("cert.pem"), scratch.file("key.pem"))
    let openssl = Process()
    openssl.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    openssl.arguments = [
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
      "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out", file, "-keyout", key,
    ]
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    try #require(openssl.terminationStatus == 0)
    let both = try String(contentsOfFile: file, encoding: .utf8) + String(contentsOfFile: key, encoding: .utf8)
    try both.write(toFile: scratch.file("both.pem"), atomically: true, encoding: .utf8)
    let peer = try await MCPPeer.start("--certificate", scratch.file("both.pem"))
    let harness = try await WorkerHarness.start()
    let (client, _) = try await harness.connect()
    func failure(_ host: String, _ authority: String?) async throws -> String? {
      try await client.request(WorkerMethod.start) {
        harness.launch(HTTPLaunch(url: peer.url(host: host), authorityFile: authority)).write(to: &$0)
      }.errorMessage
    }
    let name = try #require(try await failure("127.0.0.1", file), "a certificate of another name")
    #expect(name.contains("certificate"), "\(name)")
    let unknown = try #require(try await failure("localhost", nil), "a certificate of nobody")
    #expect(unknown.contains("certificate"), "\(unknown)")
    #expect(peer.journal.isEmpty)
    #expect(try await failure("localhost", file) == nil)
  }
}

extension CallAnswer {
  /// The sentence of a failure.
  var detail: String? {
    switch outcome {
    case .completed, .rejected: nil
    case .failed(let failure), .notSent(let failure), .unknown(let failure): failure.detail
    }
  }
}
