import Protocol
import Testing

/// Resources and prompts: what lists say, and that values pass untouched (contract §3.1, §4.1 to §4.4).
@Suite("resources and prompts", .timeLimit(.minutes(5)))
struct CatalogEntriesTests {
  private static let contents =
    #"{"contents":[{"uri":"x://1","text":"\u00e9 \/ \ud83d\ude00","n":12345678901234567890,"#
    + #""f":1.0,"e":1E+2,"z":null,"a":{"z":1,"a":[]}}],"_meta":{"k":-0.0},"extra":[ ]}"#
  private static let messages =
    #"{"messages":[{"role":"user","content":{"type":"text","text":"hi\tthere"},"weird":1.10}],"description":""}"#

  /// Lists with members that are missing, null, of wrong types, and more than we know.
  private static let odd = DaemonConfig.Server.scripted(
    "odd", capabilities: #"{"resources":{},"prompts":{}}"#,
    [
      (
        "resources/list",
        #"{"resources":[{"uri":"x://2?a=b&c=%20","name":"two","title":"T","description":"d\u00e9","mimeType":"a/b","#
          + #""size":7},{"uri":"x://1"},{"uri":"x://3","name":5,"description":null,"mimeType":[]},{"name":"no uri"}]}"#
      ),
      ("resources/read", contents),
      (
        "prompts/list",
        #"{"prompts":[{"name":"p2","title":"P","description":"d","arguments":[{"required":true,"name":"a","x":1.0}]},"#
          + #"{"name":"p1"},{"name":"p3","title":null,"arguments":null}]}"#
      ),
      ("prompts/get", messages),
    ])

  @Test("list items have their members in order, null where the upstream says nothing")
  func items() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [Self.odd])) { daemon in
      let http = try daemon.http()
      let resources = try http.list("resources")
      #expect(
        resources.text
          == #"{"version":"v1","resources":["#
          + #"{"id":"odd.x://1","server":"odd","uri":"x://1","name":"x://1","description":null,"mime_type":null,"#
          + #""tags":["odd"]},"#
          + #"{"id":"odd.x://2?a=b&c=%20","server":"odd","uri":"x://2?a=b&c=%20","name":"two","description":"d\u00e9","#
          + #""mime_type":"a/b","tags":["odd"]},"#
          + #"{"id":"odd.x://3","server":"odd","uri":"x://3","name":"x://3","description":null,"mime_type":null,"#
          + #""tags":["odd"]}],"server_readiness":[{"server":"odd","code":"ready","#
          + #""message":"Server \"odd\" is ready.","retryable":false}]}"#)
      let prompts = try http.list("prompts")
      #expect(
        prompts.entries
          == #"[{"id":"odd.p1","server":"odd","name":"p1","title":null,"description":null,"arguments":[],"#
          + #""tags":["odd"]},{"id":"odd.p2","server":"odd","name":"p2","title":"P","description":"d","#
          + #""arguments":[{"required":true,"name":"a","x":1.0}],"tags":["odd"]},"#
          + #"{"id":"odd.p3","server":"odd","name":"p3","title":null,"description":null,"arguments":[],"#
          + #""tags":["odd"]}]"#)
      #expect(try http.list().entries == "[]")
      #expect(try http.request("HEAD", "/v1/resources").header("content-length") == "\(resources.body.count)")
    }
  }

  @Test("results pass untouched, byte for byte, and so do URIs and arguments on their way up")
  func untouched() async throws {
    let config = DaemonConfig(servers: [Self.odd, .fake("fake", "--prompts", "1", "--journal", "journal")])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "odd")
      let http = try daemon.http()
      let read = try http.post("/v1/resources/read", #"{"resource_id":"odd.x://1","request_id":"r\u002d1","more":[1]}"#)
      #expect(read.status == 200)
      #expect(read.data == Self.contents)
      // Members of the envelope in order, the request's id as it was written.
      let trace = read.traceID ?? ""
      #expect(trace.count == 32)
      #expect(
        read.text
          == #"{"ok":true,"request_id":"r\u002d1","trace_id":"\#(trace)","data":\#(Self.contents),"error":null}"#)
      let got = try http.post("/v1/prompts/get", #"{"prompt_id":"odd.p1"}"#)
      #expect(got.data == Self.messages)
      let arguments = #"{"topic":"\u00e9","z":12345678901234567890,"a":1.0,"z2":null}"#
      let body = #"{"prompt_id":"fake.prompt_1","arguments":\#(arguments),"request_id":null}"#
      #expect(try http.post("/v1/prompts/get", body).status == 200)
      let journal = daemon.text(of: "\(daemon.directory)/journal")
      #expect(journal.contains(#""arguments":\#(arguments)"#), "\(journal)")
    }
  }

  private static let config = DaemonConfig(
    servers: [.demo("demo"), .fake("fake", "--resources", "3", "--prompts", "3")],
    members: [
      "policy": #"{"allow": ["a*", "demo.*", "fake.*", "Z"], "deny": ["fake.fake://resource/3", "fake.prompt_3"]}"#,
      "resourceAliases": #"{"fake.fake://resource/1": "a/first", "demo.demo://about": "zz"}"#,
      "promptAliases": #"{"fake.prompt_1": "Z", "demo.greet": "a greeting", "fake.nothing": "ghost"}"#,
    ])

  @Test("aliases replace ids, denied ids are left out, and the order is that of bytes")
  func aliasesAndPolicy() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      let http = try daemon.http()
      #expect(try http.list("resources").ids == ["a/first", "fake.fake://resource/2"])
      #expect(try http.list("prompts").ids == ["Z", "a greeting", "fake.prompt_2"])
      let read = try http.post("/v1/resources/read", #"{"resource_id":"a/first"}"#)
      #expect(
        read.data
          == #"{"contents":[{"uri":"fake://resource/1","mimeType":"text/plain","text":"the text of fake://resource/1"}]}"#
      )
      let got = try http.post("/v1/prompts/get", #"{"prompt_id":"a greeting","arguments":{"name":"Ada"}}"#)
      #expect(got.data?.contains("Please greet Ada warmly") == true)
      for list in try [http.list("resources"), http.list("prompts")] {
        #expect(list.json.members.compactMap { $0.key.string }.last == "server_readiness")
        #expect(list.readinessCode("demo") == "ready" && list.readinessCode("fake") == "ready")
      }
    }
  }

  @Test("the commands print what /v1 answers")
  func commands() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "demo")
      try daemon.wait(for: "fake")
      let http = try daemon.http()
      for kind in ["resources", "prompts"] {
        let result = try daemon.warmplane("list-\(kind)", "--output", "json")
        #expect(result.exit == .code(0))
        #expect(result.output == "\(try http.list(kind).text)\n")
      }
      func withoutTrace(_ text: String) -> String { text.replacing(/"trace_id":"[0-9a-f]{32}"/, with: "") }
      let read = try daemon.warmplane("read-resource", "a/first", "--request-id", "é")
      let sameRead = try http.post("/v1/resources/read", #"{"resource_id":"a/first","request_id":"é"}"#)
      #expect(read.exit == .code(0))
      #expect(withoutTrace(read.output) == withoutTrace("\(sameRead.text)\n"))
      let get = try daemon.warmplane("get-prompt", "a greeting", "-a", #"{"name":"Ada"}"#)
      let sameGet = try http.post(
        "/v1/prompts/get", #"{"prompt_id":"a greeting","arguments":{"name":"Ada"},"request_id":null}"#)
      #expect(get.exit == .code(0))
      #expect(withoutTrace(get.output) == withoutTrace("\(sameGet.text)\n"))
      let denied = try daemon.warmplane("read-resource", "fake.fake://resource/3")
      #expect(denied.exit == .code(1))
      #expect(denied.output.contains(#""reason":"policy_denied""#))
      #expect(try daemon.warmplane("get-prompt", "a nothing").output.contains(#""code":"PROMPT_NOT_FOUND""#))
      // Valid JSON that is no object is sent, and refused by the daemon.
      let list = try daemon.warmplane("get-prompt", "a greeting", "-a", "[1]")
      #expect(list.exit == .code(1))
      #expect(list.output.contains(#""reason":"invalid_field""#), "\(list)")
    }
  }

  @Test("an alias of a URI that no list names is forwarded to a server with resources")
  func unlistedURI() async throws {
    let config = DaemonConfig(
      servers: [Self.odd, .fake("fake", "--resources", "1", "--journal", "journal"), .fake("none")],
      members: [
        "resourceAliases":
          #"{"odd.x://not/listed?é": "hidden", "fake.fake://resource/9": "nine", "none.x://1": "no-resources"}"#
      ])
    try await DaemonFixture.run(config) { daemon in
      for server in ["odd", "fake", "none"] { try daemon.wait(for: server) }
      let http = try daemon.http()
      #expect(try http.post("/v1/resources/read", #"{"resource_id":"hidden"}"#).data == Self.contents)
      let nine = try http.post("/v1/resources/read", #"{"resource_id":"nine"}"#)
      #expect(nine.status == 502 && nine.code == "UPSTREAM_ERROR")
      #expect(daemon.text(of: "\(daemon.directory)/journal").contains(#""uri":"fake://resource/9""#))
      for id in ["no-resources", "odd.x://not/listed?é", "fake.fake://resource/9"] {
        let answer = try http.post("/v1/resources/read", #"{"resource_id":"\#(id)"}"#)
        #expect(answer.status == 404 && answer.code == "RESOURCE_NOT_FOUND", "\(id)")
      }
      #expect(try http.list("resources").ids.contains("hidden") == false)
    }
  }
}
