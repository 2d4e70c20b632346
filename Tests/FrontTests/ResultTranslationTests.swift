import Protocol
import Testing

@testable import Front

@Suite("ResultTranslation")
struct ResultTranslationTests {
  private static let link = #"{"type":"resource_link","uri":"f://x","name":"X"}"#

  private static let done = #"{"type":"text","text":"Done."}"#

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
    (.june2025, .capability, #"{"content":[],"structuredContent":null}"#, #"{"content":[]}"#),
    // Who is not told the value reads it in a text, and once is enough.
    (
      .november2025, .capability, #"{"content":[\#(done)],"structuredContent":[1,2,3]}"#,
      #"{"content":[\#(done),{"type":"text","text":"[1,2,3]"}]}"#
    ),
    (
      .march2025, .capability, #"{"structuredContent":{"a":1},"content":[\#(done)]}"#,
      #"{"content":[\#(done),{"type":"text","text":"{\"a\":1}"}]}"#
    ),
    (
      .march2025, .capability,
      #"{"content":[{"type":"text","text":"{ \"a\": \"\\u00e9\" }"}],"structuredContent":{"a":"é"}}"#,
      #"{"content":[{"type":"text","text":"{ \"a\": \"\\u00e9\" }"}]}"#
    ),
    (.november2025, .capability, #"{"content":[\#(done)],"structuredContent":"Done."}"#, #"{"content":[\#(done)]}"#),
    (
      .november2024, .capability, #"{"content":[\#(done)],"structuredContent":{"result":"Done."}}"#,
      #"{"content":[\#(done)]}"#
    ),
    // Content must be there.
    (.november2025, .capability, #"{"structuredContent":[7]}"#, #"{"content":[{"type":"text","text":"[7]"}]}"#),
    (
      .july2026, .capability, #"{"structuredContent":[7],"content":null}"#,
      #"{"structuredContent":[7],"content":[{"type":"text","text":"[7]"}]}"#
    ),
    (.november2025, .capability, #"{"isError":true}"#, #"{"isError":true,"content":[]}"#),
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

  @Test("leaves what clients can fetch themselves as it is, unless the server lists it", arguments: [true, false])
  func web(isListed: Bool) throws {
    for (revision, form) in [
      (ProtocolRevision.november2025, #"{"content":[{"type":"resource_link","uri":"URI","name":"X"}]}"#),
      (.march2025, #"{"content":[{"type":"text","text":"X: URI"}]}"#),
    ] {
      let translation = ResultTranslation(revision: revision, server: "s") { _ in isListed }
      let link = #"{"content":[{"type":"resource_link","uri":"https://e.x/","name":"X"}]}"#
      let uri = isListed ? FullName.uri(of: "https://e.x/", "s") : "https://e.x/"
      #expect(
        try Self.translated(translation, .capability, link) == form.split(separator: "URI").joined(separator: uri))
      let own = #"{"content":[{"type":"resource","resource":{"uri":"https://e.x/","text":""}}]}"#
      #expect(try Self.translated(translation, .capability, own).contains(FullName.uri(of: "https://e.x/", "s")))
    }
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
