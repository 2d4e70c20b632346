import Protocol
import Testing

@testable import Front

@Suite("ResultTranslation")
struct ResultTranslationTests {
  private static let link = #"{"type":"resource_link","uri":"f://x","name":"X"}"#

  /// Revision, kind, result, and what the client gets as members.
  static let table: [(ProtocolRevision, EntryKind, String, String)] = [
    // What need not change does not: order, numbers, escapes, unknown members.
    (
      .november2025, .capability, #"{"b":1.0,"content":[{"text":"\u00e9","type":"text"}],"isError":false}"#,
      #"{"b":1.0,"content":[{"text":"\u00e9","type":"text"}],"isError":false}"#
    ),
    (.june2025, .capability, #"{"content":[\#(link)]}"#, #"{"content":[\#(link)]}"#),
    (.march2025, .capability, #"{"content":[\#(link)]}"#, #"{"content":[{"type":"text","text":"X: f://x"}]}"#),
    (
      .november2024, .capability, #"{"content":[{"type":"audio","data":"","mimeType":"audio/wav"}]}"#,
      #"{"content":[{"type":"text","text":"[audio, audio/wav]"}]}"#
    ),
    (.july2026, .capability, #"{"content":[{"type":"new","x":1}]}"#, #"{"content":[{"type":"new","x":1}]}"#),
    (
      .november2025, .capability, #"{"content":[{"type":"new","x":1}]}"#,
      #"{"content":[{"type":"text","text":"[content of the type new]"}]}"#
    ),
    (
      .june2025, .capability, #"{"content":[],"structuredContent":{"a":1}}"#,
      #"{"content":[],"structuredContent":{"a":1}}"#
    ),
    (
      .november2025, .capability, #"{"content":[],"structuredContent":[1, 2]}"#,
      #"{"content":[{"type":"text","text":"[1,2]"}]}"#
    ),
    (.july2026, .capability, #"{"content":[],"structuredContent":null}"#, #"{"content":[],"structuredContent":null}"#),
    (
      .march2025, .capability, #"{"content":[{"type":"text","text":"t"}],"structuredContent":{"a":1}}"#,
      #"{"content":[{"type":"text","text":"t"}]}"#
    ),
    // The envelope is written by the caller.
    (
      .july2026, .resource, #"{"resultType":"complete","ttlMs":5,"cacheScope":"public","_meta":{},"contents":[]}"#,
      #"{"contents":[]}"#
    ),
    (
      .march2025, .prompt, #"{"messages":[{"role":"user","content":\#(link)}]}"#,
      #"{"messages":[{"role":"user","content":{"type":"text","text":"X: f://x"}}]}"#
    ),
  ]

  @Test("tells a result in the words of the client's revision", arguments: table)
  func members(revision: ProtocolRevision, kind: EntryKind, result: String, expected: String) throws {
    #expect(try Self.translated(ResultTranslation(revision: revision, server: nil), kind, result) == expected)
  }

  static let uris: [(EntryKind, String, String)] = [
    (.capability, #"{"content":[\#(link)]}"#, #"{"content":[{"type":"resource_link","uri":"URI","name":"X"}]}"#),
    (
      .capability, #"{"content":[{"type":"resource","resource":{"text":"f://x","uri":"f://x"}}]}"#,
      #"{"content":[{"type":"resource","resource":{"text":"f://x","uri":"URI"}}]}"#
    ),
    (.resource, #"{"contents":[{"uri":"f://x","text":"t"}]}"#, #"{"contents":[{"uri":"URI","text":"t"}]}"#),
    (
      .prompt, #"{"messages":[{"role":"user","content":{"type":"resource","resource":{"uri":"f://x"}}}]}"#,
      #"{"messages":[{"role":"user","content":{"type":"resource","resource":{"uri":"URI"}}}]}"#
    ),
    (.capability, #"{"content":[{"type":"text","text":"f://x"}]}"#, #"{"content":[{"type":"text","text":"f://x"}]}"#),
  ]

  @Test("names resources by the URIs that the client knows, outside of texts", arguments: uris)
  func rewrites(kind: EntryKind, result: String, expected: String) throws {
    let translation = ResultTranslation(revision: .november2025, server: "s")
    let wanted = expected.split(separator: "URI").joined(separator: "warmplane://s/f%3A%2F%2Fx")
    #expect(try Self.translated(translation, kind, result) == wanted)
  }

  private static func translated(_ translation: ResultTranslation, _ kind: EntryKind, _ result: String) throws -> String
  {
    let slice = try CatalogSample.slice(result)
    return CatalogSample.text { writer in
      writer.beginObject()
      translation.writeMembers(of: slice, kind, to: &writer)
      writer.endObject()
    }
  }
}
