import Front
import Protocol
import Testing

@Suite("RequestGuard")
struct HTTPGuardTests {
  static let requestGuard = RequestGuard(
    allowedHosts: ["box.example", "Gate.example:8443", "[fd00::1]:9090", "plain.example:80", "nonsense:"],
    allowedOrigins: ["https://app.example", "null-ish"])

  static func head(_ change: (inout RequestHead) -> Void) -> RequestHead {
    var head = RequestHead(method: .get, target: "/v1/capabilities")
    head.host.note("127.0.0.1:9090")
    change(&head)
    return head
  }

  static func reason(_ head: RequestHead) -> String? {
    guard case .refused(let failure) = requestGuard.check(head, port: 9090) else { return nil }
    return failure.reason
  }

  @Test(
    "admits hosts that mean this machine or are listed",
    arguments: [
      "127.0.0.1", "127.0.0.1:9090", "127.0.0.1:1", "127.255.0.9", "localhost", "LocalHost:80", "[::1]", "[::1]:9090",
      "box.example", "BOX.example:1234", "gate.example:8443", "[FD00::1]:9090", "plain.example", "plain.example:80",
    ])
  func allowedHost(_ host: String) {
    var head = RequestHead(method: .get, target: "/")
    head.host.note(host)
    #expect(Self.requestGuard.check(head, port: 9090) == .admitted(listedOrigin: nil))
  }

  @Test(
    "refuses all other hosts",
    arguments: [
      "", " ", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "localhost.", "127.1", "127.0.0.01",
      "127.0.0.256", "127.0.0.1.1", "127.0.0", "127.0.0.", "0177.0.0.1", "2130706433", "0.0.0.0", "128.0.0.1",
      "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:99999", "127.0.0.1:09090", "127.0.0.1:90a", "127.0.0.1:9090:1",
      "user@127.0.0.1", "127.0.0.1/", "127.0.0.1 evil", "127.0.0.1,evil", "[::1", "::1", "[::2]", "[::1]9090", "[::1]:",
      "[::ffff:127.0.0.1]", "[::1%lo]", "xn--localhost", "gate.example", "gate.example:9", "[fd00::1]", "nonsense",
      "localhost\u{0}", "lócalhost", "plain.example:8080",
    ])
  func refusedHost(_ host: String) {
    var head = RequestHead(method: .get, target: "/")
    head.host.note(host)
    #expect(Self.reason(head) == "host_not_allowed")
  }

  @Test("refuses a missing and a repeated host")
  func hostCount() {
    #expect(Self.reason(RequestHead(method: .get, target: "/")) == "host_not_allowed")
    #expect(Self.reason(Self.head { $0.host.note("127.0.0.1:9090") }) == "host_not_allowed")
  }

  @Test(
    "admits the daemon's own origins",
    arguments: ["http://127.0.0.1:9090", "http://localhost:9090", "http://[::1]:9090", "http://127.9.9.9:9090"])
  func ownOrigin(_ origin: String) {
    #expect(
      Self.requestGuard.check(Self.head { $0.origin.note(origin) }, port: 9090) == .admitted(listedOrigin: nil))
  }

  @Test(
    "refuses all other origins",
    arguments: [
      "", "null", "http://localhost", "http://localhost:9091", "https://localhost:9090", "http://localhost:9090/",
      "http://localhost:9090.evil.example", "http://localhost:9090@evil.example", "http://box.example:9090",
      "http://LOCALHOST:9090", "HTTP://localhost:9090", "http://", "localhost:9090", "https://app.example/",
      "https://app.example.evil", "https://APP.example", "http://app.example", "https://app.example https://evil",
      "file://", "http://localhost:9090 ",
    ])
  func refusedOrigin(_ origin: String) {
    #expect(Self.reason(Self.head { $0.origin.note(origin) }) == "origin_not_allowed")
  }

  @Test("leaves the default port of its own origin out, as browsers do")
  func defaultPort() {
    let head = Self.head { $0.origin.note("http://localhost") }
    #expect(Self.requestGuard.check(head, port: 80) == .admitted(listedOrigin: nil))
    #expect(Self.requestGuard.check(head, port: 81) != .admitted(listedOrigin: nil))
  }

  @Test("answers preflights of listed origins only")
  func preflight() {
    let listed = Self.head {
      $0.origin.note("https://app.example")
      $0.method = .options
    }
    #expect(Self.requestGuard.check(listed, port: 9090) == .preflight(listedOrigin: "https://app.example"))
    let actual = Self.head { $0.origin.note("https://app.example") }
    #expect(Self.requestGuard.check(actual, port: 9090) == .admitted(listedOrigin: "https://app.example"))
    let own = Self.head {
      $0.origin.note("http://localhost:9090")
      $0.method = .options
    }
    #expect(Self.requestGuard.check(own, port: 9090) == .admitted(listedOrigin: nil))
    let repeated = Self.head {
      $0.origin.note("https://app.example")
      $0.origin.note("https://app.example")
    }
    #expect(Self.reason(repeated) == "origin_not_allowed")
  }

  @Test(
    "refuses an encoded zero byte in the path",
    arguments: [
      ("/v1/capabilities/a%00", true), ("/%00", true), ("/a%000", true), ("/%%00", true), ("/a%0", false),
      ("/a%0%00", true), ("/a%2500", false), ("/a%010", false), ("/a?b=%00", false), ("/000", false),
    ])
  func encodedZero(target: String, isRefused: Bool) {
    var head = RequestHead(method: .get, target: target)
    head.host.note("localhost")
    #expect(Self.reason(head) == (isRefused ? "invalid_field" : nil))
  }

  @Test(
    "takes a target in absolute form by its authority",
    arguments: [
      ("http://127.0.0.1:9090/v1/capabilities?a=b", "/v1/capabilities", "a=b", nil),
      ("HTTP://localhost", "/", nil, nil),
      ("http://localhost?a", "/", "a", nil), ("http://evil.example/v1", "/v1", nil, "host_not_allowed"),
      ("http:///v1", "/v1", nil, "host_not_allowed"), ("https://localhost/v1", "https://localhost/v1", nil, nil),
    ] as [(String, String, String?, String?)])
  func absoluteForm(target: String, path: String, query: String?, reason: String?) {
    var head = RequestHead(method: .get, target: target)
    head.host.note("localhost")
    #expect(head.path == path && head.query == query && Self.reason(head) == reason)
  }

  @Test("names of hosts and origins are ASCII, and bytes")
  func canonicalEquivalence() {
    let guarding = RequestGuard(allowedHosts: ["k.example"], allowedOrigins: ["https://K.example"])
    var head = RequestHead(method: .get, target: "/")
    head.host.note("\u{212A}.example")
    #expect(guarding.check(head, port: 9090) != .admitted(listedOrigin: nil))
    var other = RequestHead(method: .get, target: "/")
    other.host.note("k.example")
    #expect(guarding.check(other, port: 9090) == .admitted(listedOrigin: nil))
    other.origin.note("https://\u{212A}.example")
    #expect(guarding.check(other, port: 9090) != .admitted(listedOrigin: "https://K.example"))
  }

  @Test("refuses a target that is not UTF-8")
  func unreadableTarget() {
    #expect(Self.reason(RequestHead(method: .get, target: nil)) == "invalid_field")
  }

  @Test("refuses uncertain lengths before it looks at anything else")
  func framing() {
    let cases: [(String, (inout RequestHead) -> Void, Bool)] = [
      ("one length", { $0.contentLength.note("5") }, false), ("negative", { $0.contentLength.note("-5") }, true),
      ("signed", { $0.contentLength.note("+5") }, true), ("a list", { $0.contentLength.note("5, 5") }, true),
      ("hexadecimal", { $0.contentLength.note("0x5") }, true), ("empty", { $0.contentLength.note("") }, true),
      ("chunked", { $0.transferEncoding.note("Chunked") }, false),
      (
        "two lengths",
        {
          $0.contentLength.note("5"); $0.contentLength.note("5")
        }, true
      ),
      (
        "two codings",
        {
          $0.transferEncoding.note("chunked"); $0.transferEncoding.note("chunked")
        }, true
      ),
      (
        "both",
        {
          $0.contentLength.note("5"); $0.transferEncoding.note("chunked")
        }, true
      ),
      ("other coding", { $0.transferEncoding.note("gzip, chunked") }, true),
      ("identity", { $0.transferEncoding.note("identity") }, true),
      ("white space before the colon", { $0.hasMalformedHeader = true }, true),
      (
        "without a host",
        {
          $0.host = .absent; $0.hasMalformedHeader = true
        }, true
      ),
    ]
    for (name, change, isRefused) in cases {
      #expect(Self.reason(Self.head(change)) == (isRefused ? "invalid_framing" : nil), "\(name)")
    }
  }

  @Test(
    "takes JSON only",
    arguments: [
      ("application/json", true), ("Application/JSON; charset=utf-8", true), ("application/json ;x", true),
      ("application/problem+json", true), ("text/plain", false), ("text/json", false), ("application/jsonp", false),
      ("application/", false), ("", false), ("application/x-www-form-urlencoded", false),
      ("text/plain;application/json", false),
      ("application/json, text/plain", false),
    ])
  func contentType(value: String, isJSON: Bool) {
    let failure = Self.requestGuard.checkContentType(Self.head { $0.contentType.note(value) })
    #expect(failure?.status == (isJSON ? nil : 415))
  }

  @Test("takes no missing and no repeated content type")
  func contentTypeCount() {
    #expect(Self.requestGuard.checkContentType(Self.head { _ in })?.reason == "unsupported_media_type")
    let repeated = Self.head {
      $0.contentType.note("application/json")
      $0.contentType.note("application/json")
    }
    #expect(Self.requestGuard.checkContentType(repeated)?.reason == "unsupported_media_type")
  }
}
