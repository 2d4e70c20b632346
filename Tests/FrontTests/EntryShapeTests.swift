import Protocol
import Supervisor
import Testing

@testable import Front

/// A faulty entry must not cost the clients a list of several servers (mcp-checklist MAP-42, TL-1).
@Suite("entries of lists")
struct EntryShapeTests {
  private static let schema = #""inputSchema":{"type":"object"}"#

  /// Kind, entry, what a client of 2025-11-25 gets, and the members that are called faulty.
  static let table: [(EntryKind, String, String, [String])] = [
    (.capability, #"{"name":"t"}"#, #"{"name":"t",\#(schema)}"#, ["inputSchema"]),
    (.capability, #"{"name":"t","inputSchema":null}"#, #"{"name":"t",\#(schema)}"#, ["inputSchema"]),
    (.capability, #"{"inputSchema":{},"name":"t"}"#, #"{\#(schema),"name":"t"}"#, ["inputSchema"]),
    (.capability, #"{"name":"t","inputSchema":"x"}"#, #"{"name":"t",\#(schema)}"#, ["inputSchema"]),
    (
      .capability, #"{"name":"t","inputSchema":{"properties":{"a":{}},"type":["object","null"],"x":1}}"#,
      #"{"name":"t","inputSchema":{"properties":{"a":{}},"type":"object","x":1}}"#, ["inputSchema"]
    ),
    (
      .capability, #"{"name":"t","inputSchema":{"type":"object","properties":{"a":true,"b":false,"c":{"x":1.0}}}}"#,
      #"{"name":"t","inputSchema":{"type":"object","properties":{"a":{},"b":{"not":{}},"c":{"x":1.0}}}}"#, []
    ),
    (
      .capability, #"{"name":"t","inputSchema":{"type":"object","required":true,"$schema":1}}"#,
      #"{"name":"t",\#(schema)}"#, ["inputSchema"]
    ),
    (
      .capability, #"{"name":"t",\#(schema),"description":5,"annotations":"x","title":null,"_meta":[],"x":5}"#,
      #"{"name":"t",\#(schema),"x":5}"#, ["description", "annotations", "_meta"]
    ),
    (
      .capability, #"{"name":"t",\#(schema),"annotations":{"title":null,"readOnlyHint":true,"openWorldHint":1,"x":1}}"#,
      #"{"name":"t",\#(schema),"annotations":{"readOnlyHint":true,"x":1}}"#, ["annotations"]
    ),
    (
      .capability, #"{"name":"t",\#(schema),"annotations":{"title":null}}"#,
      #"{"name":"t",\#(schema),"annotations":{}}"#, []
    ),
    (
      .capability, #"{"name":"t",\#(schema),"outputSchema":{"type":"object","required":[1]},"icons":[{"src":"a"},{}]}"#,
      #"{"name":"t",\#(schema),"outputSchema":{"type":"object"},"icons":[{"src":"a"}]}"#, ["icons"]
    ),
    (
      .resource, #"{"uri":"x:y","size":"12","mimeType":1,"annotations":{"audience":["user","me"],"priority":2}}"#,
      #"{"uri":"x:y","annotations":{"audience":["user"]},"name":"x:y"}"#, ["size", "mimeType", "annotations"]
    ),
    (.resource, #"{"uri":"x:y","name":"n","size":1.0}"#, #"{"uri":"x:y","name":"n","size":1.0}"#, []),
    (.resource, #"{"uri":"x:y","name":"n","size":1.5}"#, #"{"uri":"x:y","name":"n"}"#, ["size"]),
    (
      .prompt, #"{"name":"p","arguments":[{"name":"a","required":"yes"},{"description":"d"},"x",{"name":1}]}"#,
      #"{"name":"p","arguments":[{"name":"a"}]}"#, ["arguments"]
    ),
    (.prompt, #"{"name":"p","arguments":{}}"#, #"{"name":"p"}"#, ["arguments"]),
    // What fits does not change.
    (
      .prompt, #"{"name":"p", "arguments":[ {"name":"\u00e9","x":1.0}]}"#,
      #"{"name":"p","arguments":[ {"name":"\u00e9","x":1.0}]}"#, []
    ),
  ]

  @Test("lists of several servers leave out what is wrong, and the log names it", arguments: table)
  func mends(kind: EntryKind, item: String, expected: String, faults: [String]) throws {
    #expect(try Self.written(kind, item, .november2025, mends: true) == expected)
    let list = kind == .capability ? "tools" : kind.listMember
    let lists = ServerCatalog(try CatalogSample.slice(#"{"\#(list)":[\#(item)]}"#))
    #expect(EntryFault.all(in: lists, of: "s").flatMap(\.members).sorted() == faults.sorted())
  }

  @Test("2026-07-28 allows any output schema, and true as a schema of a property")
  func modern() throws {
    let item = #"{"name":"t","inputSchema":{"type":"object","properties":{"a":true}},"outputSchema":{"type":"array"}}"#
    #expect(try Self.written(.capability, item, .july2026, mends: true) == item)
    #expect(
      try Self.written(.capability, #"{"name":"t","inputSchema":{},"outputSchema":[]}"#, .july2026, mends: true)
        == #"{"name":"t","inputSchema":{"type":"object"}}"#)
  }

  @Test("a list of one server is that server's affair")
  func direct() throws {
    let item = #"{"name":"t","inputSchema":{},"description":5}"#
    #expect(try Self.written(.capability, item, .november2025, mends: false) == item)
  }

  @Test("templates too")
  func templates() throws {
    let item = try CatalogSample.slice(#"{"uriTemplate":"x:{a}","name":5,"description":[],"mimeType":"a/b"}"#)
    let exposed = ExposedItem(translation: ResultTranslation(revision: .november2025, server: nil), mends: true)
    #expect(
      CatalogSample.text { exposed.writeTemplate(item, to: &$0) }
        == #"{"uriTemplate":"x:{a}","mimeType":"a/b","name":"x:{a}"}"#)
  }

  @Test("who has no name is left out, and at most 20 are named")
  func nameless() throws {
    let items = Array(repeating: #"{"title":"t"}"#, count: 30).joined(separator: ",")
    let faults = EntryFault.all(in: ServerCatalog(try CatalogSample.slice(#"{"prompts":[\#(items)]}"#)), of: "s")
    #expect(faults.count == 20 && faults.allSatisfy { $0.name == nil && $0.members == ["name"] })
  }

  private static func written(
    _ kind: EntryKind, _ item: String, _ revision: ProtocolRevision, mends: Bool
  ) throws -> String {
    let item = try CatalogSample.slice(item)
    let id = { (name: String) in "s.\(name)" }
    let made: (any CatalogEntry)? =
      switch kind {
      case .capability: Capability(server: "s", item: item, id: id)
      case .resource: ResourceEntry(server: "s", item: item, id: id)
      case .prompt: PromptEntry(server: "s", item: item, id: id)
      }
    let entry = try #require(made)
    let exposed = ExposedItem(translation: ResultTranslation(revision: revision, server: nil), mends: mends)
    return CatalogSample.text { exposed.write(entry, as: entry.upstreamName.string ?? "", to: &$0) }
  }
}
