import Front
import Platform
import Testing

@Suite("HTTPServer with hostile clients", .serialized)
struct HTTPHostileTests {
  typealias Client = HTTPTestClient

  @Test(
    "refuses what is not HTTP and goes on",
    arguments: [
      "\u{0}\u{1}\u{2}\r\n\r\n", "GET\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
      "GET / HTTP/1.1\r\nno colon\r\n\r\n", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5x\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999999\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    ])
  func malformed(request: String) {
    let server = HTTPTestServer(HTTPServerTests.echo)
    let client = Client(port: server.port)
    client.send(request)
    client.shutDownWriting()
    if let answer = client.answer() { #expect((400...505).contains(answer.status)) }
    #expect(client.isClosed())
    #expect(Client(port: server.port).exchange("GET", "/alive")?.text == "/alive")
    #expect(server.exchangeCount == 0)
    #expect(server.stop())
  }

  @Test(
    "reads nothing as a request after an uncertain length",
    arguments: [
      ["Content-Length: 0", "Content-Length: 40"], ["Content-Length: 40", "content-length: 40"],
      ["Content-Length: 4", "Transfer-Encoding: chunked"],
      ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
      ["Transfer-Encoding: gzip"], ["Transfer-Encoding: chunked, identity"], ["Content-Length : 40"],
    ])
  func smuggling(lines: [String]) {
    let server = HTTPTestServer { _, exchange in
      #expect(exchange.head.hasBrokenFraming)
      #expect(exchange.head.path == "/first")
      exchange.respond(status: 400)
    }
    let client = Client(port: server.port)
    client.send(Client.request("POST", "/first", lines) + Client.request("GET", "/smuggled"))
    let answer = client.answer()
    #expect(answer?.status == 400)
    #expect(answer?.header("connection") == "close")
    #expect(client.isClosed())
    #expect(server.stop())
  }

  @Test("refuses a flood of headers")
  func headerFlood() {
    let server = HTTPTestServer(HTTPServerTests.echo)
    let client = Client(port: server.port)
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\n")
    // May fail in the middle: the server need not read to the end.
    for index in 0..<10_000 where !client.send("x-\(index): \(index)\r\n") { break }
    if let answer = client.answer() { #expect((400...500).contains(answer.status)) }
    #expect(client.isClosed())
    #expect(Client(port: server.port).exchange("GET", "/alive")?.text == "/alive")
    #expect(server.stop())
  }

  @Test("closes when a body is longer than can be read to its end")
  func endlessBody() {
    var limits = HTTPLimits()
    limits.bodyBytes = 1000
    limits.drainBytes = 100_000
    let server = HTTPTestServer(limits: limits, HTTPServerTests.echo)
    let announced = Client(port: server.port)
    announced.send(Client.request("POST", "/", ["Content-Length: 100001"]))
    #expect(announced.answer()?.status == 413)
    #expect(announced.isClosed())
    let chunked = Client(port: server.port)
    chunked.send(Client.request("POST", "/", ["Transfer-Encoding: chunked"]))
    let chunk = "2710\r\n" + String(repeating: "x", count: 10_000) + "\r\n"
    for _ in 0..<1000 where !chunked.send(chunk) { break }
    #expect(chunked.isClosed())
    #expect(server.stop())
  }

  @Test("closes connections that do not move, and those that move too slowly", arguments: [true, false])
  func slowClient(isSilent: Bool) {
    var limits = HTTPLimits()
    if isSilent { limits.stall = .seconds(1) } else { limits.requestTime = .milliseconds(1200) }
    let server = HTTPTestServer(limits: limits, HTTPServerTests.echo)
    let client = Client(port: server.port)
    #expect(client.exchange("GET", "/")?.status == 200)
    client.send("GET / HTTP/1.1\r\n")
    #expect(client.isClosed())
    #expect(server.wait { $0.connectionCount == 0 })
    #expect(server.stop())
  }

  @Test("does not count the time of the work against the client")
  func slowWork() {
    var limits = HTTPLimits()
    limits.stall = .seconds(1)
    limits.requestTime = .seconds(1)
    let server = HTTPTestServer(limits: limits) { server, exchange in
      server.loop.schedule(after: .milliseconds(3200)) { exchange.respond(status: 200, body: Array("late".utf8)) }
    }
    #expect(Client(port: server.port).exchange("GET", "/")?.text == "late")
    #expect(server.stop())
  }

  @Test("serves the next client when one of the most leaves")
  func connectionLimit() {
    var limits = HTTPLimits()
    limits.connections = 2
    let server = HTTPTestServer(limits: limits, HTTPServerTests.echo)
    let first = Client(port: server.port)
    let second = Client(port: server.port)
    #expect(first.exchange("GET", "/1")?.text == "/1")
    #expect(second.exchange("GET", "/2")?.text == "/2")
    let third = Client(port: server.port)
    third.send(Client.request("GET", "/3"))
    #expect(server.connectionCount == 2)
    first.shutDownWriting()
    #expect(third.answer()?.text == "/3")
    #expect(second.exchange("GET", "/2")?.text == "/2")
    #expect(server.stop())
  }
}
