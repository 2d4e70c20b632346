import Protocol
import Testing

/// Resources that no list names but a template describes (contract §6.1).
@Suite("resource templates", .timeLimit(.minutes(5)))
struct CatalogTemplateTests {
  private static let config = DaemonConfig(
    servers: [
      .fake("one", "--template", "fake://{name}/x", "--template", "one://{+path}{?q}", "--journal", "journal"),
      .fake("two", "--resources", "1", "--template", "fake://{name}/x", "--template", "two://{a}"),
      .fake("none", "--resources", "1"),
    ],
    members: [
      "policy": #"{"deny": ["one.one://secret*", "hidden", "two.two://no"]}"#,
      "resourceAliases": #"{"two.two://aliased": "A", "two.two://denied": "hidden"}"#,
    ])

  private static func text(_ slice: JSONSlice?) -> String {
    String(decoding: slice.map { Array($0.bytes) } ?? [], as: UTF8.self)
  }

  @Test("a URI that matches a template is forwarded, on every surface")
  func forwarded() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      for server in ["one", "two", "none"] { try daemon.wait(for: server) }
      let http = try daemon.http()
      func read(_ id: String) throws -> SurfaceHTTPClient.Answer {
        try http.post("/v1/resources/read", #"{"resource_id":"\#(id)"}"#)
      }
      for (id, uri) in [
        ("one.one://a/b?q=1", "one://a/b?q=1"), ("one.fake://é/x", "fake://é/x"), ("two.fake://1/x", "fake://1/x"),
        ("A", "two://aliased"),
      ] {
        let answer = try read(id)
        #expect(answer.status == 200 && answer.data?.contains("the text of \(uri)") == true, "\(id) \(answer.text)")
      }
      for id in ["one.one://secret/1", "hidden", "two.two://no"] {
        #expect(try read(id).reason == "policy_denied", "\(id)")
      }
      for id in ["two.two://aliased", "two.two://a/b", "one.two://a", "none.two://a", "two://a"] {
        #expect(try read(id).code == "RESOURCE_NOT_FOUND", "\(id)")
      }
      #expect(!daemon.text(of: "\(daemon.directory)/journal").contains("secret"))
      #expect(try http.list("resources").ids == ["none.fake://resource/1", "two.fake://resource/1"])

      let command = try daemon.warmplane("read-resource", "one.one://a/b?q=1")
      #expect(command.exit == .code(0) && command.output.contains("the text of one://a/b?q=1"), "\(command)")

      let client = try MCPClient(daemon)
      try client.open("2025-11-25")
      let tool = try client.call("resource_read", #"{"resource_id":"two.two://1"}"#)
      #expect(tool.isError == false && tool.text?.contains("the text of two://1") == true)
      for (uri, text) in [
        ("two://1", "two://1"), ("one.one://y", "one://y"), ("two://aliased", "two://aliased"),
        ("fake://z/x", "fake://z/x"),
      ] {
        let contents = try client.request("resources/read", #"{"uri":"\#(uri)"}"#).result?.member("contents")
        #expect(Self.text(contents).contains("the text of \(text)"), "\(uri)")
      }
      // Of two servers with the template the first in the order of the configuration.
      #expect(daemon.text(of: "\(daemon.directory)/journal").contains(#""uri":"fake://z/x""#))
      for uri in ["one://secret/1", "two://denied", "two://no"] {
        let denied = try client.request("resources/read", #"{"uri":"\#(uri)"}"#)
        #expect(denied.code == -32602 && denied.data?.member("reason")?.string == "policy_denied", "\(uri)")
      }
      #expect(try client.request("resources/read", #"{"uri":"three://1"}"#).code == -32602)
      let templates = try client.request("resources/templates/list").result?.member("resourceTemplates")
      let listed = templates?.elements.compactMap { $0.member("uriTemplate")?.string }
      #expect(listed == ["fake://{name}/x", "one://{+path}{?q}", "two://{a}"], "each once")
      try client.finish()
    }
  }

  @Test("templates are kept over a restart of the daemon, and a server without them is ready")
  func kept() async throws {
    let config = DaemonConfig(servers: [
      .switched("slow", "--template t://{a}", then: "--template t://{a} --slow-start 700"),
      .fake("plain", "--resources", "1", "--list-error", "resources/templates/list"),
    ])
    try await DaemonFixture.run(config) { daemon in
      for server in ["slow", "plain"] { try daemon.wait(for: server) }
      #expect(try daemon.stop() == .code(0))
      try daemon.turnSwitch("slow")
      try daemon.start()
      let http = try daemon.http()
      // The server is not up yet: what is known of it comes from before.
      let unknown = try http.post("/v1/resources/read", #"{"resource_id":"slow.u://1"}"#)
      #expect(unknown.status == 404, "\(unknown.text)")
      let read = try http.post("/v1/resources/read", #"{"resource_id":"slow.t://1"}"#)
      #expect(read.status == 200, "\(read.text)")
    }
  }
}
