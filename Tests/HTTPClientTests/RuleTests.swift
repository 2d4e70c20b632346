import Protocol
import Testing

@testable import HTTPClient

struct RuleTests {
  @Test(
    arguments: [
      ("GET", 200, "/x", RedirectRule.Verdict.answer), ("GET", 300, "/x", .answer), ("GET", 304, "/x", .answer),
      ("GET", 301, nil, .answer), ("GET", 301, "/x", .follow(HTTPURL("http://a/x")!)),
      ("GET", 302, "x", .follow(HTTPURL("http://a/b/x")!)),
      ("HEAD", 303, "?y", .follow(HTTPURL("http://a/b/c?y")!)),
      ("GET", 307, "http://a:80/x", .follow(HTTPURL("http://a/x")!)),
      ("POST", 307, "/x", .follow(HTTPURL("http://a/x")!)), ("POST", 308, "/x", .follow(HTTPURL("http://a/x")!)),
      ("POST", 308, "https://a/x", .follow(HTTPURL("https://a/x")!)),
      ("GET", 302, "https://a:8443/x", .follow(HTTPURL("https://a:8443/x")!)),
      ("POST", 301, "/x?s", .refuse("redirects (HTTP 301) a POST to http://a/x, which would become a GET")),
      ("POST", 303, "/x", .refuse("redirects (HTTP 303) a POST to http://a/x, which would become a GET")),
      (
        "GET", 302, "http://b/x",
        .refuse("redirects to another origin, http://b, which is not followed: configure that address if it is right")
      ),
      (
        "GET", 302, "//a:81/",
        .refuse(
          "redirects to another origin, http://a:81, which is not followed: configure that address if it is right")
      ),
      (
        "GET", 302, "https://b/",
        .refuse("redirects to another origin, https://b, which is not followed: configure that address if it is right")
      ),
      ("GET", 302, "file:///etc/passwd", .refuse("redirects (HTTP 302) to what is no http or https address")),
      ("GET", 302, "http://a@b/", .refuse("redirects (HTTP 302) to what is no http or https address")),
      ("GET", 302, "c?s=1", .refuse("redirects in a circle at http://a/b/c")),
    ] as [(String, Int, String?, RedirectRule.Verdict)])
  func redirects(_ method: String, _ status: Int, _ location: String?, _ expected: RedirectRule.Verdict) throws {
    let url = try #require(HTTPURL("http://a/b/c?s=1"))
    var request = HTTPRequest(method, url)
    request.redirects = .sameOrigin
    #expect(RedirectRule.verdict(status: status, location: location, request: request, visited: [url]) == expected)
    request.redirects = .refuse
    let refused = RedirectRule.verdict(status: status, location: location, request: request, visited: [url])
    if expected == .answer {
      #expect(refused == .answer)
    } else if case .refuse = refused {
    } else {
      Issue.record("\(refused)")
    }
  }

  @Test func neverLeavesTLS() throws {
    let url = try #require(HTTPURL("https://a/"))
    var request = HTTPRequest("GET", url)
    request.redirects = .sameOrigin
    let verdict = RedirectRule.verdict(status: 307, location: "http://a/", request: request, visited: [url])
    #expect(
      verdict
        == .refuse(
          "redirects to another origin, http://a, which is not followed: configure that address if it is right"))
  }

  @Test func followsFiveRedirects() throws {
    let urls = try (0...6).map { try #require(HTTPURL("http://a/\($0)?s")) }
    var request = HTTPRequest("GET", urls[0])
    request.redirects = .sameOrigin
    for step in 1...6 {
      let verdict = RedirectRule.verdict(
        status: 307, location: "/\(step)?s", request: request, visited: Array(urls[..<step]))
      #expect(verdict == (step <= 5 ? .follow(urls[step]) : .refuse("redirects more than 5 times, last to http://a/6")))
    }
  }

  @Test(
    arguments: [
      ([], nil), ([HTTPField("A", "b")], nil), ([HTTPField("A", "")], nil), ([HTTPField("A", "\u{e4}\tb ")], nil),
      ([HTTPField("", "b")], "has a header field whose name is not allowed in HTTP"),
      ([HTTPField("A:", "b")], "has a header field whose name is not allowed in HTTP"),
      ([HTTPField("A\r\nB", "b")], "has a header field whose name is not allowed in HTTP"),
      ([HTTPField("\u{e4}", "b")], "has a header field whose name is not allowed in HTTP"),
      ([HTTPField("A", "secret\r\nB: c")], "has control characters in the header field A"),
      ([HTTPField("A", "secret\0")], "has control characters in the header field A"),
      ([HTTPField("A", "secret\u{7f}")], "has control characters in the header field A"),
      ([HTTPField("hOst", "b")], "must not set the header field hOst: it is part of the framing"),
      ([HTTPField("Content-Length", "1")], "must not set the header field Content-Length: it is part of the framing"),
      (
        [HTTPField("Transfer-Encoding", "x")],
        "must not set the header field Transfer-Encoding: it is part of the framing"
      ),
      ([HTTPField("A", String(repeating: "x", count: 300_000))], "has more than 256 KiB of header fields"),
    ] as [([HTTPField], String?)])
  func checksFields(_ fields: [HTTPField], _ expected: String?) throws {
    #expect(
      RequestRule.problem(with: HTTPRequest("GET", try #require(HTTPURL("http://a/")), fields: fields)) == expected)
  }

  @Test(arguments: ["", "G ET", "GET\r\n", "CONNECT", String(repeating: "A", count: 33)])
  func checksMethods(_ method: String) throws {
    #expect(RequestRule.problem(with: HTTPRequest(method, try #require(HTTPURL("http://a/")))) != nil)
  }

  @Test func metersBodies() {
    var limited = BodyMeter(limit: 10)
    #expect(limited.take(10, received: { 10 }) == nil)
    #expect(limited.take(1, received: { 11 }) == "sends a body of more than 10 bytes")
    var stream = BodyMeter(limit: nil)
    #expect(stream.take(BodyMeter.free, received: { 1 }) == nil)
    #expect(stream.take(1, received: { BodyMeter.free / 100 }) == nil)
    #expect(stream.take(100, received: { BodyMeter.free / 100 - 1 }) != nil)
  }

  // MARK: ResponseReader

  private func read(_ lines: [String]) -> (ResponseReader.Event, [HTTPField]) {
    var reader = ResponseReader()
    var event = ResponseReader.Event.more
    for line in lines {
      let next = Array(line.utf8).withUnsafeBytes { reader.take($0) }
      if next != .more { event = next }
    }
    return (event, reader.trailers)
  }

  @Test func readsHeads() {
    #expect(
      read(["HTTP/1.1 200 OK\r\n", "A: b\r\n", "C:\t d \r\n", "E:\r\n", "\r\n"]).0
        == .head(status: 200, fields: [HTTPField("A", "b"), HTTPField("C", "d"), HTTPField("E", "")]))
    #expect(read(["HTTP/2 404 \r\n", "\r\n"]).0 == .head(status: 404, fields: []))
    #expect(read(["HTTP/1.0 200\n", "a: b\n", "\n"]).0 == .head(status: 200, fields: [HTTPField("a", "b")]))
    #expect(
      read(["HTTP/1.1 200 OK\r\n", "A: b\r\n", "  c\r\n", "\t d\r\n", "\r\n"]).0
        == .head(status: 200, fields: [HTTPField("A", "b c d")]))
  }

  @Test func skipsInterimAnswers() {
    #expect(read(["HTTP/1.1 100 Continue\r\n", "\r\n"]).0 == .interim)
    #expect(
      read(["HTTP/1.1 103 Hints\r\n", "L: x\r\n", "\r\n", "HTTP/1.1 200 OK\r\n", "A: b\r\n", "\r\n"]).0
        == .head(status: 200, fields: [HTTPField("A", "b")]))
  }

  @Test func readsTrailers() {
    let (event, trailers) = read(["HTTP/1.1 200 OK\r\n", "\r\n", "grpc-status: 0\r\n", "x: y\r\n", "\r\n"])
    #expect(event == .head(status: 200, fields: []))
    #expect(trailers == [HTTPField("grpc-status", "0"), HTTPField("x", "y")])
  }

  @Test(arguments: [
    ["FTP/1.1 200 OK\r\n"], ["HTTP/1.1\r\n"], ["HTTP/1.1 20 OK\r\n"], ["HTTP/1.1 2000 OK\r\n"], ["HTTP/1.1 abc OK\r\n"],
    ["\r\n"],
    ["HTTP/1.1 099 OK\r\n"], ["HTTP/1.1 200 OK\r\n", "no colon\r\n"], ["HTTP/1.1 200 OK\r\n", ": b\r\n"],
    ["HTTP/1.1 200 OK\r\n", "A : b\r\n"], ["HTTP/1.1 200 OK\r\n", " folded: b\r\n"],
    ["HTTP/1.1 200 OK\r\n", "A\0: b\r\n"],
    ["HTTP/1.1 200 OK\r\n", "\r\n", "HTTP/1.1 200 OK\r\n"],
  ])
  func refusesHeads(_ lines: [String]) { #expect(read(lines).0 == .malformed) }

  @Test func boundsHeads() {
    let line = "A: \(String(repeating: "x", count: 1020))\r\n"
    #expect(read(["HTTP/1.1 200 OK\r\n"] + [String](repeating: line, count: 120)).0 == .more)
    #expect(read(["HTTP/1.1 200 OK\r\n"] + [String](repeating: line, count: 130)).0 == .tooLarge)
    #expect(read(["HTTP/1.1 200 OK\r\n"] + [String](repeating: "a:\r\n", count: 512)).0 == .tooLarge)
    #expect(
      read([String](repeating: "HTTP/1.1 100 C\r\n", count: 1) + ["\r\n"] + ["HTTP/1.1 200 OK\r\n"]).0 == .interim)
    let interim = (0..<300).flatMap { _ in ["HTTP/1.1 102 Processing\r\n", "\r\n"] }
    #expect(read(interim).0 == .tooLarge)
  }
}
