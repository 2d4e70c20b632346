import Protocol
import Testing

/// What must arrive as it was sent, and what is said about it in envelopes and log.
@Suite("pass-through", .timeLimit(.minutes(5)))
struct SurfacePassThroughTests {
  private static let config = DaemonConfig(servers: [.fake("fake"), .demo("demo")])

  /// The `structuredContent` that comes back for these arguments.
  private static func echo(_ http: SurfaceHTTPClient, body: String) throws -> String {
    let answer = try http.post("/v1/tools/call", body)
    #expect(answer.status == 200, "\(answer.text)")
    let content = answer.json.member("data")?.member("structuredContent")
    return content.map { String(decoding: $0.bytes, as: UTF8.self) } ?? answer.text
  }

  @Test(
    "arguments and results keep their bytes",
    arguments: [
      #"{"n": 12345678901234567890, "x": 1.0, "s": "\u00e9"}"#,
      #"{"z":1,"a":2,"m":{"y":-0,"b":1e400,"c":0.10000000000000000000000001,"d":1E+2}}"#,
      #"{"s":"\u0000\ud800\/\b\"\\ \u2028 é 𝄞"}"#, "{}", #"{ }"#, #"{"":{"":[[],{}]}}"#,
      #"{"deep":\#(String(repeating: "[", count: 200))\#(String(repeating: "]", count: 200))}"#,
    ])
  func bytes(_ arguments: String) async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      let http = try daemon.http()
      #expect(try Self.echo(http, body: SurfaceHTTPClient.callBody("fake.echo", arguments)) == arguments)
    }
  }

  @Test("a pretty-printed body arrives with nothing changed but white space")
  func pretty() async throws {
    let body = """
      {\r
        "args" : {\r
      \t"n" : 12345678901234567890 ,
          "list" : [ 1.0 , "two  spaces\\n" ]
        },
        "unknown" : { "is" : "ignored" },
        "capability_id" : "fake.echo"
      }

      """
    try await DaemonFixture.run(Self.config) { daemon in
      let text = try Self.echo(daemon.http(), body: body)
      #expect(!text.contains("\n") && !text.contains("\r"))
      let compact = try JSONSlice(validating: Array(text.utf8)).compacted()
      #expect(
        String(decoding: compact, as: UTF8.self) == #"{"n":12345678901234567890,"list":[1.0,"two  spaces\n"]}"#)
    }
  }

  @Test("a large result passes whole")
  func large() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      let answer = try daemon.call("fake.big", #"{"bytes":5000000}"#)
      #expect(answer.status == 200)
      #expect(answer.content?.utf8.count == 5_000_000)
    }
  }

  @Test("the envelope of a success, byte for byte")
  func envelope() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      let http = try daemon.http()
      for requestID in [nil, "null", #""r-1""#, #""""#, #""\u00e9 \" é""#] {
        let answer = try http.call("demo.add", #"{"a":1,"b":2}"#, requestID: requestID)
        let data = answer.json.member("data").map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
        #expect(data.contains(#""text":"3""#))
        let wanted =
          #"{"ok":true,"request_id":\#(requestID ?? "null"),"trace_id":"\#(answer.traceID ?? "")","data":\#(data),"#
          + #""error":null}"#
        #expect(answer.text == wanted)
        #expect(answer.traceID?.wholeMatch(of: /[0-9a-f]{32}/) != nil)
      }
    }
  }

  @Test("an incoming trace is continued, a bad one is ignored; log and upstream have the same id")
  func trace() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      let http = try daemon.http()
      let id = "0af7651916cd43dd8448eb211c80319c"
      let good = try http.call("fake.echo", headers: ["traceparent: 00-\(id)-b7ad6b7169203331-01"])
      #expect(good.traceID == id)
      for bad in [
        "00-\(id)-b7ad6b7169203331", "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "ff-\(id)-b7ad6b7169203331-01",
        "00-\(id.uppercased())-b7ad6b7169203331-01", "00-\(id)-0000000000000000-01", "nonsense", "",
      ] {
        let answer = try http.call("fake.echo", headers: ["traceparent: \(bad)"])
        #expect(answer.status == 200 && answer.traceID != id && answer.traceID?.count == 32, "\(bad)")
      }
      let failed = try http.call("fake.nothing", headers: ["traceparent: 00-\(id)-b7ad6b7169203331-01"])
      #expect(failed.traceID == id)
      let refused = try http.get("/nowhere", headers: ["traceparent: 00-\(id)-b7ad6b7169203331-01"])
      #expect(refused.traceID == id)
      let last = try http.call("fake.echo", requestID: #""last""#)
      let record = try daemon.waitForLog("tool call success") { $0.member("request_id")?.string == "last" }
      #expect(record.member("trace_id")?.string == last.traceID)
    }
  }

  @Test("describe shows the upstream's tool, schema untouched")
  func describe() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "demo")
      let http = try daemon.http()
      let answer = try http.get("/v1/capabilities/fake.echo")
      #expect(
        answer.text == #"{"version":"v1","capability":{"id":"fake.echo","server":"fake","tool":"echo","#
          + #""description":"any arguments: returns them as text and, byte for byte, as structuredContent","#
          + #""input_schema":{"type":"object"},"examples":[]}}"#)
      let demo = try http.get("/v1/capabilities/demo.add").json.member("capability")
      #expect(demo?.member("input_schema")?.member("properties")?.member("a") != nil)
      #expect(demo?.member("description")?.string?.isEmpty == false)
    }
  }
}
