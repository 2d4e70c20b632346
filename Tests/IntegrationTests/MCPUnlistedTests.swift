import Foundation
import Protocol
import Testing

/// What no list shows, or only under another server's id, can be used all the same.
@Suite("MCP: what lists do not show", .timeLimit(.minutes(5)))
struct MCPUnlistedTests {
  private static let tool = #"{"name":"NAME","inputSchema":{"type":"object"}}"#

  private static func tools(_ names: String...) -> String {
    let items = names.map { tool.split(separator: "NAME").joined(separator: $0) }.joined(separator: ",")
    return #"{"capabilities":{"tools":{}},"tools":[\#(items)]}"#
  }

  @Test("a server's tools are all there, though another server has the public id of one")
  func lostIDs() async throws {
    let config = DaemonConfig(servers: [
      try .told("a", Self.tools("b.c")), try .told("a.b", Self.tools("c", "d")), try .told("A", Self.tools("x")),
    ])
    try await DaemonFixture.run(config) { daemon in
      // The one that lost an id is degraded.
      for server in ["a", "a.b", "A"] {
        try daemon.waitForLog("upstream server ready") { $0.member("server_id")?.string == server }
      }
      let direct = try MCPClient(daemon, "--server", "a.b", "--exposure", "direct")
      try direct.open("2025-11-25")
      let listed = try direct.request("tools/list").result?.member("tools")?.elements
        .compactMap { $0.member("name")?.string }
      #expect(listed == ["c", "d"])
      #expect(try direct.call("c").text == "c")
      try direct.finish()

      let full = try MCPClient(daemon, "--exposure", "full")
      try full.open("2025-11-25")
      let names =
        try full.request("tools/list").result?.member("tools")?.elements
        .compactMap { $0.member("name")?.string } ?? []
      #expect(names.count == 4 && Set(names).count == 4, "\(names)")
      #expect(names.allSatisfy { $0.contains("_") && !$0.hasSuffix("__x") }, "ids with capitals have a hash: \(names)")
      var texts: [String] = []
      for name in names { texts.append(try full.call(name).text ?? "") }
      #expect(texts.sorted() == ["b.c", "c", "d", "x"])
      try full.finish()
    }
  }

  @Test(
    "compact exposure: a link in a result can be followed, if policy allows", arguments: ["2025-11-25", "2026-07-28"])
  func links(revision: String) async throws {
    let script = #"{"capabilities":{"resources":{}}}"#
    let config = DaemonConfig(
      servers: [try .told("odd", script), try .told("none", #"{"capabilities":{"tools":{}}}"#)],
      members: ["policy": #"{"deny": ["odd.odd://secret*"]}"#])
    try await DaemonFixture.run(config) { daemon in
      for server in ["odd", "none"] { try daemon.wait(for: server) }
      for (arguments, uris) in [
        ([], ["odd.odd://un/listed", "warmplane://odd/odd%3A%2F%2Fun%2Flisted"]),
        (["--server", "odd"], ["odd.odd://un/listed", "warmplane://odd/odd%3A%2F%2Fun%2Flisted", "odd://un/listed"]),
      ] {
        let client = try MCPClient(daemon, arguments: arguments)
        try client.open(revision)
        for uri in uris {
          let read = try client.request("resources/read", #"{"uri":"\#(uri)"}"#)
          let text = { (result: JSONSlice?) in
            result?.member("contents")?.elements.first { _ in true }?.member("text")?.string
          }
          #expect(text(read.result) == "odd://un/listed", "\(uri): \(read.message)")
          let tool = try client.call("resource_read", #"{"resource_id":"\#(uri)"}"#)
          let envelope = try JSONSlice(validating: Array((tool.text ?? "").utf8))
          #expect(text(envelope.member("data")) == "odd://un/listed", "\(uri): \(tool.message)")
        }
        for uri in ["odd.odd://secret/1", "warmplane://odd/odd%3A%2F%2Fsecret%2F1"] {
          let read = try client.request("resources/read", #"{"uri":"\#(uri)"}"#)
          #expect(read.data?.member("reason")?.string == "policy_denied", "\(uri): \(read.message)")
          let tool = try client.call("resource_read", #"{"resource_id":"\#(uri)"}"#)
          #expect(tool.isError == true && tool.text?.contains("policy_denied") == true, "\(uri): \(tool.message)")
        }
        // Whether a whole URI is one of the only server nobody else can tell.
        for uri in arguments.isEmpty
          ? ["none.odd://x", "warmplane://none/odd%3A%2F%2Fx", "warmplane://nix/x%3Ay", "odd.nix", "nix"]
          : ["odd.nix", "nix"]
        {
          #expect(try client.request("resources/read", #"{"uri":"\#(uri)"}"#).code == -32602, "\(uri)")
        }
        try client.finish()
      }
      // Elsewhere an id is what lists show.
      let http = try daemon.http().post("/v1/resources/read", #"{"resource_id":"odd.odd://un/listed"}"#)
      #expect(http.status == 404)
    }
  }

  @Test("completion waits for first starts as prompts do", arguments: ["full", "compact"])
  func completion(exposure: String) async throws {
    let script = """
      {"delay":1,"capabilities":{"prompts":{},"completions":{}},"prompts":[{"name":"p"}],
       "answers":{"completion/complete":{"completion":{"values":["v"]}}}}
      """
    try await DaemonFixture.run(DaemonConfig(servers: [try .told("s", script)])) { daemon in
      let client = try MCPClient(daemon, "--exposure", exposure)
      try client.open("2025-11-25")
      let name = exposure == "full" ? "s__p" : "p"
      let answer = try client.request(
        "completion/complete", #"{"ref":{"type":"ref/prompt","name":"\#(name)"},"argument":{"name":"a","value":""}}"#)
      #expect(answer.result?.member("completion")?.member("values")?.json == #"["v"]"#, "\(answer.message)")
      try client.finish()
    }
  }

  @Test("cursors that no list gave are refused", arguments: ["compact", "full", "direct"])
  func cursors(exposure: String) async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("s", "--resources", "1", "--prompts", "1")])) { daemon in
      try daemon.wait(for: "s")
      let client = try MCPClient(daemon, "--server", "s", "--exposure", exposure)
      try client.open("2025-11-25")
      for method in ["tools/list", "resources/list", "resources/templates/list", "prompts/list"] {
        #expect(try client.request(method, #"{"cursor":"junk"}"#).code == -32602, "\(method)")
        #expect(try client.request(method, #"{"cursor":null}"#).result != nil, "\(method)")
        // A place that has gone: only where ids are in order it is known what comes next.
        let gone = try client.request(method, #"{"cursor":"after:s.gone"}"#)
        let isSorted = exposure != "direct" && !(exposure == "compact" && method == "tools/list")
        #expect((gone.result != nil) == isSorted, "\(method)")
      }
      try client.finish()
    }
  }

  @Test("direct exposure: what the server says beside its opening", arguments: ["2025-11-25", "2026-07-28"])
  func openingMeta(revision: String) async throws {
    let info = #""serverInfo":{"name":"s","version":"1"}"#
    let script = """
      {"version":"\(revision)","answers":{
       "initialize":{"protocolVersion":"2025-11-25","capabilities":{},\(info),"_meta":{"com.example/d":1.0}},
       "server/discover":{"supportedVersions":["2026-07-28"],"capabilities":{},"ttlMs":0,"cacheScope":"private",
         "_meta":{"com.example/d":1.0}}}}
      """
    try await DaemonFixture.run(DaemonConfig(servers: [try .told("s", script)])) { daemon in
      let client = try MCPClient(daemon, "--server", "s", "--exposure", "direct")
      let opened = try client.open(revision)
      #expect(opened.result?.member("_meta")?.member("com.example/d")?.json == "1.0", "\(opened.message)")
      try client.finish()
    }
  }
}
