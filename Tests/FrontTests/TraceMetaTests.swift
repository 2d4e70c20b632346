import Protocol
import Testing

@testable import Front

@Suite("a client's trace in _meta")
struct TraceMetaTests {
  static let parent = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"

  @Test(
    "a state goes with its parent, or not at all",
    arguments: [
      (#"{"traceparent":"\#(parent)","tracestate":"a=b","x":1.0}"#, nil),
      (#"{"tracestate":"a=b","x":1.0}"#, #"{"x":1.0}"#),
      (#"{"traceparent":"00-1","tracestate":5}"#, #"{"traceparent":"00-1"}"#),
      (#"{"traceparent":"00-1", "baggage":"k=v"}"#, nil),
    ] as [(String, String?)])
  func state(meta: String, expected: String?) throws {
    let told = TraceMeta.continued(try CatalogSample.slice(meta))
    #expect(String(decoding: told.bytes, as: UTF8.self) == expected ?? meta)
  }
}
