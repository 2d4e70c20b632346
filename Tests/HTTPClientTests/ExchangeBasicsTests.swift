import HTTPClient
import Platform
import Protocol
import TestSupport
import Testing

/// What every exchange does, against a real server.
struct ExchangeBasicsTests {
  @Test func getsAWholeAnswer() async throws {
    let answer = try await fetch("GET", "/ok").get()
    #expect(answer.head.status == 200)
    #expect(answer.head.mediaType == "text/plain")
    #expect(answer.head.url == (try HTTPPeer.url("/ok")))
    #expect(String(decoding: answer.body, as: UTF8.self) == "hello")
  }

  @Test(arguments: ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"])
  func knowsEveryMethod(_ method: String) async throws {
    let answer = try await fetch(method, "/echo").get()
    #expect(answer.head.status == 200)
    let text = String(decoding: answer.body, as: UTF8.self)
    if method == "HEAD" { #expect(text.isEmpty) } else { #expect(text.hasPrefix("\(method) /echo HTTP/1.1\r\n")) }
    #expect(text.contains("Content-Length: 0") == (method == "POST"))
  }

  /// Nothing is added to what the caller says, except what the client has to make.
  @Test func sendsExactlyWhatItIsTold() async throws {
    let url = try HTTPPeer.url("/echo/a%2Fb/../c?q=%20&r")
    var request = HTTPRequest("POST", url, fields: [HTTPField("X-One", "1"), HTTPField("X-Empty", "")])
    request.body = Array("{\"a\":1}".utf8)
    let sent = try #require(try await fetch(request).text)
    let lines = sent.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
    #expect(lines.first == "POST /echo/a%2Fb/../c?q=%20&r HTTP/1.1")
    #expect(
      lines.dropFirst().sorted() == [
        "", "Accept-Encoding: gzip, deflate", "Content-Length: 7", "Host: 127.0.0.1:\(url.origin.port)",
        "User-Agent: warmplane-test", "X-Empty:", "X-One: 1", "{\"a\":1}",
      ])
  }

  @Test func letsTheCallerNameTheProgram() async throws {
    var request = try request("GET", "/echo")
    request.fields = [
      HTTPField("user-agent", "mine"), HTTPField("Accept-Encoding", "identity"), HTTPField("Accept", "a/b"),
    ]
    let sent = try #require(try await fetch(request).text)
    for line in ["user-agent: mine\r\n", "Accept-Encoding: identity\r\n", "Accept: a/b\r\n"] {
      #expect(sent.contains(line))
    }
    #expect(!sent.contains("warmplane"))
    #expect(!sent.contains("gzip"))
  }

  @Test func sendsLargeBodies() async throws {
    var request = try request("PUT", "/echo")
    request.body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    request.firstByteTimeout = .seconds(20)
    let answer = try await fetch(request).get()
    #expect(answer.body.suffix(3_000_000).elementsEqual(request.body ?? []))
    #expect(!String(decoding: answer.body.prefix(300), as: UTF8.self).contains("Expect"))
  }

  @Test func usesConnectionsAgain() async throws {
    let connections = try await withClient { _, client in
      var seen: Set<String> = []
      for _ in 0..<5 {
        _ = try await client.text("POST", "/echo")
        seen.insert(try await client.text("GET", "/connection"))
      }
      return seen
    }
    #expect(connections.count == 1)
  }

  @Test func tellsHeadPiecesAndEndInOrder() async throws {
    let events = try await withClient { _, client in
      let request = try request("GET", "/drip?pieces=3")
      return await withCheckedContinuation { continuation in
        var events: [String] = []
        let handlers = HTTPHandlers(
          onHead: { events.append("head \($0.status)") },
          onBytes: { events.append("bytes \($0.count)") },
          onEnd: { _ in continuation.resume(returning: events + ["end"]) })
        client.start(request, handlers)
        events.append("started")
      }
    }
    #expect(events == ["started", "head 200", "bytes 4", "bytes 4", "bytes 4", "end"])
  }

  @Test func skipsInterimAnswers() async throws {
    let answer = try await fetch("POST", "/interim").get()
    #expect(answer.head.status == 200)
    #expect(answer.head.fields.first("link") == nil)
  }

  @Test func readsTrailers() async throws {
    let answer = try await fetch("POST", "/trailers").get()
    #expect(answer.trailers == [HTTPField("grpc-status", "0"), HTTPField("grpc-message", "fine")])
  }

  @Test func decompresses() async throws {
    #expect(try await fetch("GET", "/compressed").text == String(repeating: "text ", count: 1000))
  }

  @Test func refusesMoreThanItTakes() async throws {
    var settings = try settings()
    settings.mostExchanges = 2
    let results = try await withClient(settings) { _, client in
      let first = client.start(try request("GET", "/never"), HTTPHandlers(onEnd: { _ in }))
      client.start(try request("GET", "/never"), HTTPHandlers(onEnd: { _ in }))
      let refused = await client.result(try request("GET", "/ok"))
      first.cancel()
      // The cancelled one leaves at the end of this turn; the loop has come round when this one is refused or done.
      var later = await client.result(try request("GET", "/ok"))
      if later.failure != nil { later = await client.result(try request("GET", "/ok")) }
      return [refused, later]
    }
    #expect(results[0].failure?.reason == .busy)
    #expect(results[0].failure?.wasSent == false)
    #expect(results[1].text == "hello")
  }

  @Test(arguments: ["X\r\nY", "Host"])
  func sendsNothingThatIsNoRequest(_ name: String) async throws {
    var bad = try request("POST", "/ok?key=bad-request")
    bad.fields = [HTTPField(name, "secret")]
    let failure = try #require(try await fetch(bad).failure)
    #expect(failure.reason == .invalidRequest)
    #expect(!failure.wasSent)
    #expect(!failure.detail.contains("secret"))
    #expect(try await HTTPPeer.count("bad-request") == 0)
  }
}
