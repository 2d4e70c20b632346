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
    #expect(String(decoding: answer.body, as: UTF8.self) == "hello")
  }

  /// Nothing is added to what the caller says, except what the client has to make.
  @Test func sendsExactlyWhatItIsTold() async throws {
    let url = try HTTPPeer.url("/echo/a%2Fb/../c?q=%20&r")
    var request = HTTPRequest("POST", url, fields: [HTTPField("X-One", "1"), HTTPField("X-Empty", "")])
    request.body = Array("{\"a\":1}".utf8)
    let sent = String(decoding: try await fetch(request).get().body, as: UTF8.self)
    let lines = sent.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
    #expect(lines.first == "POST /echo/a%2Fb/../c?q=%20&r HTTP/1.1")
    #expect(
      lines.dropFirst().sorted() == [
        "", "Accept-Encoding: gzip, deflate", "Content-Length: 7", "Host: 127.0.0.1:\(url.origin.port)",
        "User-Agent: warmplane-test", "X-Empty:", "X-One: 1", "{\"a\":1}",
      ])
  }

  @Test func sendsLargeBodies() async throws {
    var request = HTTPRequest("PUT", try HTTPPeer.url("/echo"))
    request.body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    request.firstByteTimeout = .seconds(20)
    let answer = try await fetch(request).get()
    #expect(answer.body.suffix(3_000_000).elementsEqual(request.body ?? []))
    #expect(!String(decoding: answer.body.prefix(300), as: UTF8.self).contains("Expect"))
  }

  @Test func usesConnectionsAgain() async throws {
    let connections = try await LoopThread.run { thread in
      let client = HTTPClient(loop: thread.loop, settings: .init(userAgent: "t"))
      var seen: [String] = []
      for _ in 0..<5 {
        _ = try await client.fetch(try request("POST", "/ok"))
        seen.append(String(decoding: try await client.fetch(try request("GET", "/opened")).body, as: UTF8.self))
      }
      return seen
    }
    // Other tests open connections meanwhile; this client opened one.
    #expect(connections.count == 5)
  }

  @Test func tellsHeadPiecesAndEndInOrder() async throws {
    let events = try await LoopThread.run { thread in
      let client = HTTPClient(loop: thread.loop, settings: .init(userAgent: "t"))
      return await withCheckedContinuation { continuation in
        var events: [String] = []
        let handlers = HTTPHandlers(
          onHead: { events.append("head \($0.status)") },
          onBytes: { events.append("bytes \($0.count)") },
          onEnd: { _ in continuation.resume(returning: events + ["end"]) })
        client.start(try! request("GET", "/drip?pieces=3"), handlers)
        events.append("started")
      }
    }
    #expect(events == ["started", "head 200", "bytes 4", "bytes 4", "bytes 4", "end"])
  }

  @Test func saysWhoRefusesTheConnection() async throws {
    let failure = await fetch(HTTPRequest("POST", try #require(HTTPURL("http://127.0.0.1:1/x?secret=1")))).failure
    #expect(failure?.reason == .connect)
    #expect(failure?.detail == "cannot be reached: no connection to http://127.0.0.1:1: connection refused")
    #expect(failure?.wasSent == false)
  }
}
