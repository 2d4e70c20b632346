import OAuth
import Testing

/// What counts as the answer to a login, and what everybody else is told (contract §7.7).
struct CallbackTests {
  @Test(arguments: [
    ("http://127.0.0.1:8788/callback", "127.0.0.1", 8788, "/callback"),
    ("http://localhost/", "localhost", 80, "/"),
    ("http://LOCALHOST:1", "localhost", 1, "/"),
    ("http://127.0.0.1:65535/a/b?fixed=1", "127.0.0.1", 65535, "/a/b"),
  ])
  func targets(_ row: (uri: String, host: String, port: UInt16, path: String)) throws {
    let target = try #require(CallbackTarget(row.uri))
    #expect(target.host == row.host && target.port == row.port && target.path == row.path)
    #expect(target.servesBothFamilies == (row.host == "localhost"))
  }

  @Test(arguments: [
    "https://127.0.0.1/c", "http://127.0.0.2/c", "http://[::1]/c", "http://example.com/c", "http://localhost.evil/c",
    "http://user@localhost/c", "com.example:/c", "http://127.0.0.1:0/c", "http://127.0.0.1:99999/c", "",
  ])
  func whereNoLoginCanWait(_ uri: String) { #expect(CallbackTarget(uri) == nil) }

  @Test(arguments: [
    ("GET /callback?code=1&state=2 HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/callback", "code=1&state=2"),
    ("GET / HTTP/1.0\r\n\r\n", "GET", "/", ""),
    ("HEAD /a?b?c HTTP/1.1\nHost: x\n\nbody", "HEAD", "/a", "b?c"),
  ])
  func requests(_ row: (text: String, method: String, path: String, query: String)) {
    let bytes = Array(row.text.utf8)
    let expected = CallbackRequest(method: row.method, path: row.path, query: row.query)
    #expect(CallbackRequest.read(bytes) == .request(expected))
    let end = row.text.hasSuffix("body") ? bytes.count - 4 : bytes.count
    for count in 0..<end {
      #expect(CallbackRequest.read(Array(bytes[..<count])) == .incomplete, "\(count) bytes")
    }
  }

  @Test(arguments: [
    "GET /callback\r\n\r\n", "GET  /callback HTTP/1.1\r\n\r\n", "GET /a b HTTP/1.1\r\n\r\n", "GET a HTTP/1.1\r\n\r\n",
    "GET http://127.0.0.1/callback HTTP/1.1\r\n\r\n", "GET / HTTP/2\r\n\r\n", "GET /\u{E9} HTTP/1.1\r\n\r\n",
    "\u{16}\u{3}\u{1}\r\n\r\n", "GET /\u{0} HTTP/1.1\r\n\r\n",
  ])
  func whatIsNoRequest(_ text: String) { #expect(CallbackRequest.read(Array(text.utf8)) == .invalid) }

  @Test func aHeadWithoutEnd() {
    let long = Array("GET / HTTP/1.1\r\nX: ".utf8) + [UInt8](repeating: 0x78, count: CallbackRequest.longestHead)
    #expect(CallbackRequest.read(long) == .invalid)
    #expect(CallbackRequest.read(long + Array("\r\n\r\n".utf8)) == .invalid)
  }

  struct Row: Sendable, CustomTestStringConvertible {
    var method = "GET"
    var path = "/callback"
    var query: String
    var status: Int
    var outcome: LoginWait.Outcome?
    var requiresIssuer = false
    var testDescription: String { "\(method) \(path)?\(query)" }
  }

  private static let issuer = "https://as.example"

  @Test(arguments: [
    Row(query: "code=C&state=S", status: 200, outcome: .code("C")),
    Row(query: "code=C%2B%20+d&state=S&iss=https%3A%2F%2Fas.example", status: 200, outcome: .code("C+  d")),
    Row(path: "/callback/", query: "code=C&state=S", status: 404),
    Row(path: "/favicon.ico", query: "", status: 404),
    Row(method: "POST", query: "code=C&state=S", status: 405),
    Row(method: "HEAD", query: "code=C&state=S", status: 405),
    Row(query: "code=C", status: 400),
    Row(query: "code=C&state=X", status: 400),
    Row(query: "code=C&state=", status: 400),
    Row(query: "code=C&state=S&state=S", status: 400),
    Row(query: "error=access_denied&state=X", status: 400),
    Row(query: "code=C&iss=https%3A%2F%2Fevil.example", status: 400),
    Row(query: "state=S", status: 400),
    Row(query: "state=S&code=", status: 400),
    Row(
      query: "error=access_denied&error_description=no%0Away&state=S", status: 400,
      outcome: .failed("the authorization server refused the login (access_denied): no\u{FFFD}way")),
    Row(
      query: "code=C&state=S", status: 400,
      outcome: .failed(
        "the answer does not name its issuer (iss), although the authorization server announced that it would"),
      requiresIssuer: true),
    Row(
      query: "error=access_denied&state=S&iss=https%3A%2F%2Fas.example%2F", status: 400,
      outcome: .failed(
        "the answer came from another issuer (iss https://as.example/) than the one that was asked (https://as.example)"
      )
    ),
  ])
  func answers(_ row: Row) {
    var wait = LoginWait(
      path: "/callback", expected: .init(state: "S", issuer: Self.issuer, requiresIssuer: row.requiresIssuer))
    let request = CallbackRequest(method: row.method, path: row.path, query: row.query)
    let reply = wait.reply(to: request)
    #expect(reply.status == row.status)
    #expect(wait.outcome == row.outcome)
    // Nothing of the answer goes back to the browser, and an answer counts once.
    #expect(!reply.text.contains("access_denied") && !reply.text.contains("C+"))
    if row.outcome != nil { #expect(wait.reply(to: request).status == 410) }
    #expect(wait.outcome == row.outcome)
  }

  @Test func theWholeReply() {
    #expect(
      String(decoding: LoginWait.Reply(status: 405, text: "é").bytes, as: UTF8.self)
        == "HTTP/1.1 405 Method Not Allowed\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n"
        + "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n"
        + "Connection: close\r\nAllow: GET\r\n\r\né\n")
  }
}
