import Protocol
import Testing

/// The messages that go to upstreams.
@Suite struct MCPRequestTests {
  private static let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
  private static let envelope =
    #""io.modelcontextprotocol/protocolVersion":"2026-07-28","#
    + #""io.modelcontextprotocol/clientInfo":{"name":"warmplane","version":"9"},"#
    + #""io.modelcontextprotocol/clientCapabilities":{}"#

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private func params(
    _ revision: ProtocolRevision, _ parameters: String, traceparent: String? = nil, progressToken: Int? = nil
  ) throws -> String {
    let bytes = UpstreamRequest(revision: revision).operation(
      id: 3, method: "tools/call", parameters: .trusted(parameters), traceparent: traceparent,
      progressToken: progressToken, version: "9")
    #expect(!bytes.contains { $0 == 0x0a || $0 == 0x0d }, "one line")
    let message = try JSONRPCMessage(parsing: bytes)
    #expect(message.kind == .request(id: .int(3), method: "tools/call"))
    let params = try #require(message.params)
    #expect(params.firstRepeatedMember() == nil)
    #expect(params.member("_meta")?.firstRepeatedMember() == nil)
    return params.text
  }

  @Test func discover() {
    #expect(
      text(UpstreamRequest.discover(id: 1, version: "9"))
        == #"{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{\#(Self.envelope)}}}"#)
  }

  @Test func initialize() {
    #expect(
      text(UpstreamRequest.initialize(id: 2, proposing: .november2025, version: "9"))
        == #"{"jsonrpc":"2.0","id":2,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"#
        + #""clientInfo":{"name":"warmplane","version":"9"}}}"#)
  }

  @Test(arguments: [(ProtocolRevision.june2025, "{}"), (.july2026, #"{"_meta":{\#(envelope)}}"#)])
  func ownRequest(revision: ProtocolRevision, params: String) {
    let bytes = UpstreamRequest(revision: revision).request(id: .string("a"), method: "tools/list", version: "9")
    #expect(text(bytes) == #"{"jsonrpc":"2.0","id":"a","method":"tools/list","params":\#(params)}"#)
  }

  // MARK: Operations

  @Test func legacyOperationIsUntouched() throws {
    let call = #"{"name":"echo","arguments":{"n": 12345678901234567890, "x": 1.0, "s": "\u00e9"}}"#
    #expect(try params(.november2025, call) == call)
    #expect(try params(.november2025, "{}") == "{}")
  }

  @Test func modernOperationHasTheEnvelope() throws {
    #expect(try params(.july2026, #"{"name":"a"}"#) == #"{"name":"a","_meta":{\#(Self.envelope)}}"#)
  }

  @Test func traceAndProgress() throws {
    #expect(
      try params(.november2025, #"{"name":"a"}"#, traceparent: Self.trace, progressToken: 3)
        == #"{"name":"a","_meta":{"traceparent":"\#(Self.trace)","progressToken":3}}"#)
    #expect(
      try params(.july2026, #"{"name":"a"}"#, traceparent: Self.trace, progressToken: 3)
        == #"{"name":"a","_meta":{"traceparent":"\#(Self.trace)","progressToken":3,\#(Self.envelope)}}"#)
  }

  /// The caller's keys stay, except those that describe the hop between us and the upstream.
  @Test(arguments: ProtocolRevision.allCases)
  func theCallersMeta(revision: ProtocolRevision) throws {
    let meta =
      #"{"com.example/a" : 1.0,"progressToken":"theirs","traceparent":"theirs","tracestate":"t=1","#
      + #""io.modelcontextprotocol/protocolVersion":"1999","io.modelcontextprotocol/clientInfo":{},"b":"\u00e9"}"#
    let made = try params(revision, #"{"_meta":\#(meta),"name":"a"}"#, traceparent: Self.trace, progressToken: 3)
    let envelope = revision.era == .modern ? ",\(Self.envelope)" : ""
    #expect(
      made == #"{"name":"a","_meta":{"com.example/a":1.0,"tracestate":"t=1","b":"\u00e9","#
        + #""traceparent":"\#(Self.trace)","progressToken":3\#(envelope)}}"#)
  }

  @Test(arguments: [#""_meta":null"#, #""_meta":7"#, #""_meta":[1]"#, #""\u005fmeta":{}"#, #""_meta":{},"_meta":{}"#])
  func oddMeta(member: String) throws {
    #expect(try params(.july2026, #"{\#(member),"name":"a"}"#) == #"{"name":"a","_meta":{\#(Self.envelope)}}"#)
  }

  /// An escaped name is the same name.
  @Test func escapedOwnKeys() throws {
    let made = try params(.july2026, #"{"_meta":{"progress\u0054oken":1,"io.modelcontextprotocol\u002fx":1}}"#)
    #expect(made == #"{"_meta":{\#(Self.envelope)}}"#)
  }

  @Test func prettyPrintedOperation() throws {
    let made = try params(.june2025, "{\n \"name\" : \"a\",\r\n \"_meta\" : {\n \"k\" : [\n 1 ]\n }\n}")
    #expect(made == #"{"name":"a","_meta":{"k":[ 1 ]}}"#)
  }

  // MARK: Revisions and lists

  @Test(arguments: [
    ("2024-11-05", ProtocolRevision.Era.legacy), ("2025-03-26", .legacy), ("2025-06-18", .legacy),
    ("2025-11-25", .legacy),
    ("2026-07-28", .modern),
  ])
  func eras(name: String, era: ProtocolRevision.Era) {
    #expect(ProtocolRevision(rawValue: name)?.era == era)
  }

  @Test func revisionsAreOrdered() {
    #expect(ProtocolRevision.allCases == ProtocolRevision.allCases.sorted())
    #expect(ProtocolRevision.newestLegacy == ProtocolRevision.allCases.filter { $0.era == .legacy }.max())
    #expect(ProtocolRevision.newestModern == ProtocolRevision.allCases.max())
    #expect(ProtocolRevision(rawValue: "2025-11-26") == nil)
  }

  @Test(arguments: [
    (ListKind.tools, "tools/list", "notifications/tools/list_changed", "toolsListChanged"),
    (.resources, "resources/list", "notifications/resources/list_changed", "resourcesListChanged"),
    (
      .resourceTemplates, "resources/templates/list", "notifications/resources/list_changed", "resourcesListChanged"
    ),
    (.prompts, "prompts/list", "notifications/prompts/list_changed", "promptsListChanged"),
  ])
  func listNames(kind: ListKind, method: String, notification: String, filter: String) {
    #expect(kind.method == method && kind.changeNotification == notification && kind.listenFilter == filter)
  }
}
