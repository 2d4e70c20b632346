import Configuration
import Protocol
import Testing

@testable import Front

/// What failures suggest (contract §3.2, `error.hint`).
@Suite("hints")
struct HintTests {
  private static let known = [
    "db.query", "db.query_all", "files.list", "files.read", "files.write", "git.status", "mail.send", "x.read",
  ]

  @Test(
    "the likeliest ids, nearest first, at most three",
    arguments: [
      ("db.qeury", ["db.query"]),
      ("DB.QUERY", ["db.query"]),
      ("query", ["db.query"]),
      ("other.query", ["db.query"]),
      ("read", ["files.read", "x.read"]),
      ("files.reed", ["files.read"]),
      ("file.read", ["files.read", "x.read"]),
      ("git.statsu", ["git.status"]),
      ("completely.different", []),
      ("", []),
      ("z", []),
    ])
  func suggestions(id: String, expected: [String]) {
    #expect(IDSuggestions.nearest(to: id, among: Self.known) == expected)
  }

  @Test("never more than three, ties in byte order, the order of the catalog does not matter")
  func ties() {
    let ids = ["e.run", "b.run", "d.run", "a.run", "c.run"]
    #expect(IDSuggestions.nearest(to: "run", among: ids) == ["a.run", "b.run", "c.run"])
    #expect(IDSuggestions.nearest(to: "run", among: ids.reversed()) == ["a.run", "b.run", "c.run"])
  }

  @Test("ids without end cost nothing")
  func bounded() {
    let long = String(repeating: "x", count: 200_000)
    #expect(IDSuggestions.nearest(to: long, among: Self.known).isEmpty)
    #expect(IDSuggestions.nearest(to: "db.qeury", among: [long, "db.query"]) == ["db.query"])
    let many = (0..<200_000).lazy.map { "server.tool_number_\($0)" }
    let time = ContinuousClock().measure { _ = IDSuggestions.nearest(to: "server.tool_numbr_77", among: many) }
    #expect(time < .seconds(2))
  }

  @Test(
    "what a schema expects: names at its top level",
    arguments: [
      (#"{"properties":{"b":{},"a":{},"c":{}},"required":["c","a"]}"#, ["c", "a"], ["b"]),
      (#"{"properties":{"b":{}}}"#, [], ["b"]),
      (#"{"properties":{}}"#, [], []),
      (#"{"properties":{"a":{}},"required":["a","z"]}"#, ["a", "z"], []),
      (#"{"properties":{"é \"q\"":true},"required":null}"#, [], [#"é "q""#]),
    ])
  func expectation(schema: String, required: [String], optional: [String]) throws {
    let tool = try CatalogSample.slice(#"{"name":"t","inputSchema":\#(schema)}"#)
    #expect(ArgumentExpectation(ofTool: tool).told == FailureHint.Expected(required: required, optional: optional))
  }

  @Test(
    "a schema that names nothing gives no expectation",
    arguments: [
      "{}", #"{"inputSchema":{}}"#, #"{"inputSchema":{"type":"object"}}"#, #"{"inputSchema":true}"#,
      #"{"inputSchema":{"properties":[]}}"#, #"{"inputSchema":{"required":["a"]}}"#,
    ])
  func noExpectation(tool: String) throws {
    #expect(ArgumentExpectation(ofTool: try CatalogSample.slice(tool)).told == nil)
  }

  @Test("what a prompt expects: the names in its list of arguments")
  func promptExpectation() throws {
    let prompt = try CatalogSample.slice(
      #"{"arguments":[{"name":"b","required":true},{"name":"a","required":false},{"name":"c"},{},7,{"name":1}]}"#)
    #expect(ArgumentExpectation(ofPrompt: prompt).told == FailureHint.Expected(required: ["b"], optional: ["a", "c"]))
    for nothing in ["{}", #"{"arguments":[]}"#, #"{"arguments":null}"#, #"{"arguments":{"name":"a"}}"#] {
      #expect(ArgumentExpectation(ofPrompt: try CatalogSample.slice(nothing)).told == nil, "\(nothing)")
    }
  }

  @Test(
    "arguments are to blame when they lack what is required, or have what a closed schema does not name",
    arguments: [
      (#""required":["a"]"#, #"{"a":null}"#, false), (#""required":["a"]"#, #"{"b":1}"#, true),
      (#""required":["a"]"#, "[]", true), (#""required":["a"]"#, nil, true), (#""required":[]"#, nil, false),
      (#""additionalProperties":false"#, #"{"b":1}"#, false), (#""additionalProperties":false"#, #"{"c":1}"#, true),
      (#""additionalProperties":false,"required":["c"]"#, #"{"c":1}"#, false),
      (#""additionalProperties":false,"patternProperties":{"^c":{}}"#, #"{"c":1}"#, false),
      (#""additionalProperties":{}"#, #"{"c":1}"#, false), (#""title":"none""#, #"{"c":1}"#, false),
      (#""required":["a"]"#, "{\"b\":\"\(String(repeating: "x", count: 70_000))\"}", false),
    ] as [(String, String?, Bool)])
  func broken(members: String, arguments: String?, isBroken: Bool) throws {
    let tool = try CatalogSample.slice(#"{"inputSchema":{"properties":{"a":{},"b":{}},\#(members)}}"#)
    let given = try arguments.map { try CatalogSample.slice($0) }
    #expect(ArgumentExpectation(ofTool: tool).isBroken(by: given) == isBroken)
  }

  @Test("a prompt is missing what it requires, and tolerates more")
  func brokenPrompt() throws {
    let prompt = ArgumentExpectation(
      ofPrompt: try CatalogSample.slice(#"{"arguments":[{"name":"b","required":true},{"name":"a"}]}"#))
    #expect(prompt.isBroken(by: nil))
    #expect(prompt.isBroken(by: try CatalogSample.slice(#"{"a":"1"}"#)))
    #expect(!prompt.isBroken(by: try CatalogSample.slice(#"{"b":"1","z":"2"}"#)))
  }

  @Test("a schema of thousands of members is told in part")
  func manyMembers() throws {
    let members = (0..<3000).map { #""m\#($0)":{}"# }.joined(separator: ",")
    let expected = ArgumentExpectation(
      ofTool: try CatalogSample.slice(#"{"inputSchema":{"properties":{\#(members)},"required":["m7"]}}"#)
    ).told
    #expect(expected?.required == ["m7"])
    #expect(expected?.optional.count == 50)
    #expect(expected?.optional.contains("m7") == false)
  }

  @Test("every readiness code names who has to act, and a command where one helps")
  func readiness() {
    let table: [ReadinessCode: (actor: FailureHint.Actor, action: String?)] = [
      .starting: (.client, nil), .restarting: (.client, nil),
      .crashLoop: (.operator, "warmplane logs s"), .transportUnavailable: (.operator, "warmplane logs s"),
      .disabled: (.operator, "warmplane reload"), .configInvalid: (.operator, nil),
      .authMissing: (.user, "warmplane auth login s"), .authExpired: (.user, "warmplane auth login s"),
      .authDiscoveryMissing: (.user, "warmplane auth login s"),
      .authRefreshFailed: (.user, "warmplane auth login s"),
      .authStoreUnavailable: (.operator, "warmplane auth status s"),
    ]
    for code in ReadinessCode.allCases {
      let hint = ReadinessHint.of(code, server: "s", hasLogin: true)
      guard let row = table[code] else {
        #expect(hint == nil && code == .ready)
        continue
      }
      #expect(hint?.actor == row.actor, "\(code)")
      #expect(hint?.action == row.action, "\(code)")
      #expect(hint?.didYouMean == [] && hint?.expected == nil)
    }
  }

  @Test("a login is named only where it helps, and ids are words of a shell")
  func logins() throws {
    let text = #"""
      {"mcpServers": {
        "pipe": {"command": "c"}, "plain": {"url": "http://h"},
        "bearer": {"url": "http://h", "auth": {"type": "bearer", "tokenEnv": "T"}},
        "own": {"url": "http://h", "auth": {"type": "oauth", "grant": "client_credentials", "clientId": "c", "clientSecret": "s"}},
        "the app": {"url": "http://h", "auth": {"type": "oauth"}}}}
      """#
    let configuration = try Configuration.parse(bytes: Array(text.utf8))
    #expect(configuration.servers.map(\.id).filter(configuration.hasLogin) == ["the app"])
    #expect(!configuration.hasLogin("unknown"))
    #expect(
      ReadinessHint.of(.authExpired, server: "the app", hasLogin: true)
        == FailureHint(action: "warmplane auth login 'the app'", actor: .user))
    #expect(ReadinessHint.of(.authMissing, server: "bearer", hasLogin: false) == FailureHint(actor: .operator))
  }
}
