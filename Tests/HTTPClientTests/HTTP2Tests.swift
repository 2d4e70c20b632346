import Protocol
import TestSupport
import Testing

@testable import HTTPClient

/// Against the h2 library.
struct HTTP2Tests {
  static let servers = [HTTPPeer.Server.http2, .https2]

  @Test(arguments: servers)
  func exchanges(_ server: HTTPPeer.Server) async throws {
    var request = try request("POST", "/echo?x", at: server)
    request.fields = [HTTPField("X-One", "1"), HTTPField("TE", "trailers")]
    request.body = Array("body".utf8)
    let text = try #require(try await fetch(request).text)
    #expect(text.contains(":method: POST\n"))
    #expect(text.contains(":path: /echo?x\n"))
    #expect(text.contains("x-one: 1\n"))
    #expect(text.contains("te: trailers\n"))
    #expect(text.contains("content-length: 4\n"))
    #expect(text.hasSuffix("\nbody"))
  }

  /// A server that knows nothing else cannot be reached then.
  @Test func offersHTTP2OnlyWhenTold() async throws {
    var settings = try settings()
    settings.offersHTTP2 = false
    #expect(try await fetch("POST", "/ok", at: .https, settings: settings).text == "hello")
    let failure = try await fetch("POST", "/ok", at: .https2, settings: settings).failure
    #expect(failure?.reason == .tls || failure?.reason == .broken)
    // Left to the library, it depends on its version.
    settings.offersHTTP2 = nil
    let left = try await fetch("POST", "/ok", at: .https2, settings: settings)
    #expect((left.text == "hello") == CurlLibrary.takesEarlyAnswers)
    var asking = try request("POST", "/ok", at: .https2)
    asking.priorKnowledgeHTTP2 = true
    #expect(try await fetch(asking, settings: settings).text == "hello")
  }

  @Test(arguments: servers)
  func readsTrailers(_ server: HTTPPeer.Server) async throws {
    let answer = try await fetch("POST", "/trailers", at: server).get()
    #expect(String(decoding: answer.body, as: UTF8.self) == "body")
    #expect(answer.trailers == [HTTPField("grpc-status", "0"), HTTPField("grpc-message", "fine")])
    let only = try await fetch("POST", "/trailers-only", at: server).get()
    #expect(only.head.fields.first("grpc-status") == "5")
    #expect(only.body.isEmpty)
  }

  @Test(arguments: servers)
  func carriesLargeBodies(_ server: HTTPPeer.Server) async throws {
    var request = try request("POST", "/echo", at: server)
    request.body = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    request.firstByteTimeout = .seconds(20)
    #expect(try await fetch(request).get().body.suffix(2_000_000).elementsEqual(request.body ?? []))
  }

  /// Starts `targets` at once on one client; what each ended with.
  private static func runAll(_ targets: [String], at server: HTTPPeer.Server) async throws -> [Result<
    HTTPAnswer, HTTPFailure
  >] {
    try await withClient { thread, client in
      let requests = try targets.map { try request("POST", $0, at: server) }
      return await withCheckedContinuation { continuation in
        var results: [Result<HTTPAnswer, HTTPFailure>] = []
        for request in requests {
          var (body, head) = ([UInt8](), HTTPResponseHead(status: 0, fields: [], url: request.url))
          client.start(
            request,
            HTTPHandlers(
              onHead: { head = $0 }, onBytes: { body += Array($0) },
              onEnd: { result in
                results.append(result.map { HTTPAnswer(head: head, body: body, trailers: $0) })
                if results.count == requests.count { continuation.resume(returning: results) }
              }))
        }
      }
    }
  }

  /// Many requests at once share one connection over TLS, and all are answered in clear text, too.
  @Test(arguments: servers)
  func runsManyAtOnce(_ server: HTTPPeer.Server) async throws {
    let targets = (0..<40).map { $0 % 2 == 0 ? "/connection" : "/slow?seconds=0.1" }
    let results = try await Self.runAll(targets, at: server)
    let connections = results.map { $0.text ?? "\($0)" }.filter { $0 != "at last" }
    #expect(connections.count == 20)
    #expect(connections.allSatisfy { Int($0) != nil }, "\(connections)")
    if server == .https2 { #expect(Set(connections).count == 1) }
  }

  /// An answer that was cut off is no answer, also among others.
  @Test(arguments: servers)
  func saysWhenStreamsBreak(_ server: HTTPPeer.Server) async throws {
    let results = try await Self.runAll((0..<40).map { $0 % 4 == 0 ? "/ok" : "/break" }, at: server)
    #expect(results.count { $0.text == "hello" } == 10)
    let failures = results.compactMap(\.failure)
    #expect(failures.count == 30)
    for failure in failures {
      #expect(failure.reason == .broken)
      #expect(failure.detail.hasPrefix("broke the HTTP/2 exchange"), "\(failure.detail)")
      #expect(failure.wasSent)
    }
  }

  /// The connection ends while answers are under way.
  @Test(arguments: ["drop", "goaway"])
  func saysWhenTheConnectionBreaks(_ action: String) async throws {
    let results = try await Self.runAll((0..<10).map { $0 == 9 ? "/\(action)" : "/half" }, at: .https2)
    #expect(results.count { $0.failure?.reason == .broken } == 10, "\(results)")
  }
}
