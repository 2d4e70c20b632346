import Front
import Platform
import Testing

@Suite("HTTPServer", .serialized)
struct HTTPServerTests {
  typealias Client = HTTPTestClient

  /// Answers with the body it got, or the path without one.
  @Sendable static func echo(_ server: HTTPTestServer, _ exchange: HTTPExchange) {
    if exchange.isBodyTooLarge { return exchange.respond(status: 413) }
    exchange.respond(status: 200, body: exchange.body.isEmpty ? Array(exchange.head.path.utf8) : exchange.body)
  }

  @Test("serves many requests on one connection")
  func keepAlive() {
    let server = HTTPTestServer(Self.echo)
    let client = Client(port: server.port)
    for index in 0..<3 {
      #expect(client.exchange("GET", "/\(index)")?.text == "/\(index)")
      #expect(client.exchange("POST", "/", body: "body \(index)")?.text == "body \(index)")
    }
    #expect(server.connectionCount == 1)
    #expect(server.stop())
    #expect(client.isClosed())
  }

  @Test("answers pipelined requests in their order, at once or later")
  func pipelined() {
    let server = HTTPTestServer { server, exchange in
      let path = exchange.head.path
      if path.hasSuffix("later") {
        server.loop.perform { exchange.respond(status: 200, body: Array(path.utf8)) }
      } else {
        exchange.respond(status: 200, body: Array(path.utf8))
      }
    }
    let paths = (0..<200).map { $0 % 3 == 0 ? "/\($0)later" : "/\($0)" }
    let client = Client(port: server.port)
    client.send(paths.map { Client.request("GET", $0) }.joined())
    for path in paths { #expect(client.answer()?.text == path) }
    #expect(server.stop())
  }

  @Test("reads a request that comes byte by byte")
  func singleBytes() {
    let server = HTTPTestServer(Self.echo)
    let client = Client(port: server.port)
    for byte in Client.request("POST", "/slow", body: "0123456789").utf8 { client.send([byte]) }
    #expect(client.answer()?.text == "0123456789")
    #expect(server.stop())
  }

  @Test("reads chunked bodies")
  func chunked() {
    let server = HTTPTestServer(Self.echo)
    let client = Client(port: server.port)
    client.send(Client.request("POST", "/", ["Transfer-Encoding: chunked"]))
    client.send("3\r\nabc\r\n")
    client.send("5;extension\r\ndefgh\r\n0\r\n\r\n")
    #expect(client.answer()?.text == "abcdefgh")
    #expect(client.exchange("GET", "/after")?.text == "/after")
    #expect(server.stop())
  }

  @Test("carries large bodies both ways", arguments: [2047, 2048, 2049, 3_000_000])
  func largeBodies(count: Int) {
    let server = HTTPTestServer { server, exchange in
      server.loop.perform { Self.echo(server, exchange) }
    }
    let client = Client(port: server.port)
    let body = String((0..<count).map { Character(Unicode.Scalar(UInt8(0x21 + $0 % 90))) })
    #expect(client.exchange("POST", "/", body: body)?.text == body)
    #expect(client.exchange("POST", "/", body: "next")?.text == "next")
    #expect(server.stop())
  }

  @Test("reads a too long body to its end and keeps the connection", arguments: [true, false])
  func tooLargeBody(isChunked: Bool) {
    var limits = HTTPLimits()
    limits.bodyBytes = 1000
    let server = HTTPTestServer(limits: limits) { server, exchange in
      #expect(exchange.body.isEmpty == exchange.isBodyTooLarge)
      Self.echo(server, exchange)
    }
    let client = Client(port: server.port)
    let half = String(repeating: "x", count: 600)
    if isChunked {
      client.send(Client.request("POST", "/", ["Transfer-Encoding: chunked"]))
      client.send("258\r\n\(half)\r\n258\r\n\(half)\r\n0\r\n\r\n")
    } else {
      client.send(Client.request("POST", "/", body: half + half))
    }
    #expect(client.answer()?.status == 413)
    #expect(client.exchange("POST", "/", body: half)?.text == half)
    let longest = String(repeating: "y", count: 1000)
    #expect(client.exchange("POST", "/", body: longest)?.text == longest)
    #expect(server.stop())
  }

  @Test("tells a client that waits for 100 Continue whether to go on")
  func expectContinue() {
    var limits = HTTPLimits()
    limits.bodyBytes = 1000
    let server = HTTPTestServer(limits: limits, Self.echo)
    let client = Client(port: server.port)
    client.send(Client.request("POST", "/", ["Expect: 100-continue", "Content-Length: 4"]))
    #expect(client.answer()?.status == 100)
    client.send("four")
    #expect(client.answer()?.text == "four")
    client.send(Client.request("POST", "/", ["Expect: 100-continue", "Content-Length: 1001"]))
    #expect(client.answer()?.status == 413)
    #expect(client.isClosed())
    #expect(server.stop())
  }

  @Test("answers HEAD as GET without the body")
  func head() {
    let server = HTTPTestServer(Self.echo)
    let client = Client(port: server.port)
    let get = client.exchange("GET", "/thing")
    let head = client.exchange("HEAD", "/thing")
    #expect(head?.status == 200)
    #expect(head?.header("content-length") == "6")
    #expect(head?.header("content-type") == get?.header("content-type"))
    #expect(client.exchange("GET", "/after")?.text == "/after")
    #expect(server.stop())
  }

  @Test("hands on target and headers as they came")
  func rawRequest() {
    let server = HTTPTestServer { _, exchange in
      let parts = [
        exchange.head.path, exchange.head.query ?? "-", exchange.headers("X-Thing").joined(separator: "|"),
        exchange.header("x-ONE") ?? "-", exchange.header("x-thing") ?? "-", exchange.header("none") ?? "-",
      ]
      exchange.respond(status: 200, contentType: "text/plain", body: Array(parts.joined(separator: " ").utf8))
      #expect(exchange.headers("x-one").isEmpty)
    }
    let client = Client(port: server.port)
    let answer = client.exchange(
      "GET", "/a%2Fb%00/../c%zz?q=%41+1&a=b?c", ["x-thing: 1", "x-one:  one \t", "X-THING: 2"])
    #expect(answer?.text == "/a%2Fb%00/../c%zz q=%41+1&a=b?c 1|2 one - -")
    #expect(answer?.header("content-type") == "text/plain")
    #expect(client.exchange("GET", "/x?")?.text == "/x   - - -")
    #expect(server.stop())
  }

  @Test("sends the headers of an answer, and no body with 204")
  func answerHeaders() {
    let server = HTTPTestServer { _, exchange in
      exchange.listedOrigin = "https://app.example"
      exchange.respond(
        status: 204, headers: [(name: "retry-after", value: "7"), (name: "bad", value: "a\r\nevil: 1")],
        contentType: nil)
    }
    let client = Client(port: server.port)
    for _ in 0..<2 {
      let answer = client.exchange("GET", "/")
      #expect(answer?.status == 204)
      #expect(answer?.header("retry-after") == "7")
      #expect(answer?.header("access-control-allow-origin") == "https://app.example")
      #expect(answer?.header("vary") == "Origin")
      #expect(answer?.head.contains("evil") == false)
      #expect(answer?.header("content-type") == nil)
    }
    #expect(server.stop())
  }

  @Test("listens on IPv6")
  func ipv6() {
    let server = HTTPTestServer(address: "::1", Self.echo)
    #expect(Client(port: server.port, ipv6: true).exchange("GET", "/six")?.text == "/six")
    #expect(server.stop())
  }

  @Test("says why it cannot listen, and frees its port when it stops")
  func listening() throws {
    let server = HTTPTestServer(Self.echo)
    let port = server.port
    #expect(throws: HTTPServerError.addressInUse(address: "127.0.0.1", port: port)) {
      _ = try HTTPListener(address: "127.0.0.1", port: port).port
    }
    for text in ["localhost", "", "127.0.0.1:80", "[::1]", "1.2.3"] {
      #expect(throws: HTTPServerError.invalidAddress(text)) { _ = try HTTPListener(address: text, port: 0).port }
    }
    #expect(throws: HTTPServerError.self) { _ = try HTTPListener(address: "127.0.0.1", port: 65_536).port }
    _ = Client(port: port).exchange("GET", "/")
    #expect(server.stop())
    #expect(try HTTPListener(address: "127.0.0.1", port: port).port == port)
  }
}
