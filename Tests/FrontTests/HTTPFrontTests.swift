import Front
import Platform
import Protocol
import Testing

@Suite("HTTPFront", .serialized)
struct HTTPFrontTests {
  typealias Client = HTTPTestClient

  static let traceID = "0af7651916cd43dd8448eb211c80319c"

  private final class Sink: HTTPRequestSink {
    func admit(_ exchange: HTTPExchange) -> OperationFailure? {
      exchange.head.query == "profile=nix"
        ? OperationFailure(status: 404, code: .invalidArgs, message: "m", reason: "unknown_scope") : nil
    }

    func handle(_ route: V1Route, _ exchange: HTTPExchange) {
      exchange.respond(status: 200, body: Array("\(route)".utf8))
    }
  }

  static func server() -> HTTPTestServer {
    var limits = HTTPLimits()
    limits.bodyBytes = 100
    return HTTPTestServer(limits: limits) { _, exchange in
      let front = HTTPFront(
        requestGuard: RequestGuard(allowedOrigins: ["https://app.example"]), traceID: { _ in Self.traceID },
        sink: Sink())
      front.receive(exchange)
    }
  }

  static let json = "Content-Type: application/json"

  /// Method, target, headers, status.
  static let order: [(String, String, [String], Int)] = [
    ("POST", "/v1/tools/call?profile=nix", [], 404), ("DELETE", "/v1/tools/call?profile=nix", [], 404),
    ("POST", "/v1/tools/call?profile=nix", ["Origin: https://evil.example"], 403), ("POST", "/v1/tools/call", [], 415),
  ]

  @Test("asks for the scope behind Host and Origin, and before all else", arguments: order)
  func scope(method: String, target: String, headers: [String], status: Int) {
    let server = Self.server()
    let answer = Client(port: server.port).exchange(method, target, headers)
    #expect(answer?.status == status, "\(answer?.text ?? "")")
  }

  @Test("lets good requests through to the sink")
  func admitted() {
    let server = Self.server()
    let client = Client(port: server.port)
    #expect(client.exchange("GET", "/v1/capabilities/a%2Fb")?.text == "describeCapability(\"a/b\")")
    #expect(client.exchange("POST", "/v1/tools/call", [Self.json], body: "{}")?.text == "callTool")
    let own = "Origin: http://localhost:\(server.port)"
    let answer = client.exchange("GET", "/v1/capabilities", [own])
    #expect(answer?.status == 200)
    #expect(answer?.header("access-control-allow-origin") == nil)
    #expect(server.stop())
  }

  @Test("answers every refusal with a failure envelope")
  func refused() throws {
    let server = Self.server()
    let client = Client(port: server.port)
    let long = String(repeating: "x", count: 101)
    let cases: [(HTTPTestClient.Answer?, Int, String)] = [
      (client.exchange("GET", "/v1/capabilities", ["Host: localhost"]), 403, "host_not_allowed"),
      (client.exchange("GET", "/v1/capabilities", ["Origin: null"]), 403, "origin_not_allowed"),
      (client.exchange("GET", "/v1/capabilities/%00"), 400, "invalid_field"),
      (client.exchange("GET", "/v1/nothing"), 404, "unknown_route"),
      (client.exchange("DELETE", "/v1/tools/call"), 405, "method_not_allowed"),
      (
        client.exchange("POST", "/v1/tools/call", ["Content-Type: text/plain"], body: "{}"), 415,
        "unsupported_media_type"
      ),
      (client.exchange("POST", "/v1/tools/call", body: "{}"), 415, "unsupported_media_type"),
      (client.exchange("POST", "/v1/tools/call", [Self.json], body: long), 413, "body_too_large"),
      (client.exchange("GET", "/v1/capabilities", ["Content-Length: 0", "Content-Length: 0"]), 400, "invalid_framing"),
    ]
    for (answer, status, reason) in cases {
      let answer = try #require(answer, "\(reason)")
      #expect(answer.status == status)
      #expect(answer.header("content-type") == "application/json")
      #expect(answer.header("allow") == (status == 405 ? "POST" : nil))
      let envelope = try JSONSlice(validating: answer.body)
      #expect(envelope.member("ok")?.bool == false)
      #expect(envelope.member("trace_id")?.string == Self.traceID)
      #expect(envelope.member("error")?.member("code")?.string == "INVALID_ARGS")
      #expect(envelope.member("error")?.member("reason")?.string == reason)
    }
    #expect(client.isClosed())
    #expect(server.stop())
  }

  @Test("refuses a missing host")
  func missingHost() {
    let server = Self.server()
    let client = Client(port: server.port)
    client.send("GET /v1/capabilities HTTP/1.1\r\n\r\n")
    #expect(client.answer()?.status == 403)
    #expect(server.stop())
  }

  @Test("gives a listed origin what it needs, and only that one")
  func cors() {
    let server = Self.server()
    let client = Client(port: server.port)
    let preflight = client.exchange("OPTIONS", "/v1/tools/call", ["Origin: https://app.example"])
    #expect(preflight?.status == 204)
    #expect(preflight?.header("access-control-allow-origin") == "https://app.example")
    #expect(preflight?.header("vary") == "Origin")
    for path in ["/v1/capabilities", "/v1/nothing"] {
      let actual = client.exchange("GET", path, ["Origin: https://app.example"])
      #expect(actual?.header("access-control-allow-origin") == "https://app.example")
      #expect(actual?.header("vary") == "Origin")
    }
    let other = client.exchange("OPTIONS", "/v1/tools/call", ["Origin: https://evil.example"])
    #expect(other?.status == 403)
    #expect(other?.header("access-control-allow-origin") == nil)
    #expect(server.stop())
  }
}
