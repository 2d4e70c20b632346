import Protocol
import Testing

@testable import Front

@Suite("errors of servers")
struct UpstreamErrorTests {
  /// Revision, whether URIs are rewritten, kind, error, and the error that the client gets.
  static let table: [(ProtocolRevision, Bool, EntryKind, String, String)] = [
    (.june2025, false, .capability, #"{"code":42,"message":"m","data":"d"}"#, #"{"code":42,"message":"m","data":"d"}"#),
    (.july2026, false, .prompt, #"{"code":-32602,"message":"m","data":null}"#, #"{"code":-32602,"message":"m"}"#),
    // A resource that is not there.
    (
      .november2025, true, .resource, #"{"code":-32002,"message":"m","data":{"a":1,"uri":"x:y"}}"#,
      #"{"code":-32002,"message":"m","data":{"uri":"warmplane://s/x%3Ay","a":1}}"#
    ),
    (
      .july2026, true, .resource, #"{"code":-32602,"message":"m","data":{"uri":"x:z"}}"#,
      #"{"code":-32602,"message":"m","data":{"uri":"warmplane://s/x%3Az"}}"#
    ),
    (
      .july2026, false, .resource, #"{"code":-32002,"message":"m","data":{"uri":"x:y","more":[1.0]}}"#,
      #"{"code":-32602,"message":"m","data":{"uri":"x:y","more":[1.0]}}"#
    ),
    (
      .july2026, false, .resource, #"{"code":-32002,"message":"m"}"#,
      #"{"code":-32602,"message":"m","data":{"uri":"asked"}}"#
    ),
    // The code says nothing of anything else there.
    (.july2026, false, .capability, #"{"code":-32002,"message":"m"}"#, #"{"code":-32603,"message":"m"}"#),
    (.november2025, false, .capability, #"{"code":-32002,"message":"m"}"#, #"{"code":-32002,"message":"m"}"#),
    // One revision has it.
    (
      .november2025, false, .capability, #"{"code":-32042,"message":"m","data":{}}"#,
      #"{"code":-32042,"message":"m","data":{}}"#
    ),
    (
      .july2026, false, .capability, #"{"code":-32042,"message":"m","data":{}}"#,
      #"{"code":-32603,"message":"m","data":{}}"#
    ),
    (.june2025, false, .capability, #"{"code":-32042,"message":"m"}"#, #"{"code":-32603,"message":"m"}"#),
    // Of the hop.
    (
      .july2026, false, .capability, #"{"code":-32021,"message":"m","data":{"x":1}}"#, #"{"code":-32603,"message":"m"}"#
    ),
  ]

  @Test("keep code, message and data, but for what the client's revision has not", arguments: table)
  func told(revision: ProtocolRevision, rewrites: Bool, kind: EntryKind, error: String, expected: String) throws {
    let translation = UpstreamErrorTranslation(
      translation: ResultTranslation(revision: revision, server: rewrites ? "s" : nil), kind: kind, name: "asked",
      prefix: "")
    let (code, message) = translation.response(.int(1), try CatalogSample.slice(error))
    let told = try #require(try JSONSlice(validating: message).member("error"))
    #expect(String(decoding: told.bytes, as: UTF8.self) == expected)
    #expect(told.member("code")?.int == code)
  }
}
