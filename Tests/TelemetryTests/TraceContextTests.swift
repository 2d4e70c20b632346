import Telemetry
import Testing

@Suite struct TraceContextTests {
  private static let trace = "0af7651916cd43dd8448eb211c80319c"
  private static let span = "b7ad6b7169203331"

  @Test(arguments: [
    ("00-\(trace)-\(span)-01", "01"), ("00-\(trace)-\(span)-00", "00"), ("00-\(trace)-\(span)-ff", "ff"),
    // A later version, with and without parts that we do not know.
    ("cc-\(trace)-\(span)-01", "01"), ("cc-\(trace)-\(span)-01-more", "01"), ("01-\(trace)-\(span)-01-", "01"),
  ])
  func valid(_ text: String, _ flags: String) throws {
    let context = try #require(TraceContext(traceparent: text))
    #expect(context.traceID.description == Self.trace)
    #expect(context.spanIDText == Self.span)
    #expect(context.traceparent == "00-\(Self.trace)-\(Self.span)-\(flags)")
  }

  @Test(arguments: [
    "", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-1", "00-\(trace)-\(span)-001",
    "00-\(trace)-\(span)-01-", "00-\(trace)-\(span)-01-more", "cc-\(trace)-\(span)-01.more",
    "ff-\(trace)-\(span)-01", "0g-\(trace)-\(span)-01", "00-\(trace)-\(span)-0x",
    "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)-0000000000000000-01",
    "00-0AF7651916CD43DD8448EB211C80319C-\(span)-01", "00-\(trace)-B7AD6B7169203331-01",
    "00_\(trace)-\(span)-01", "00-\(trace)_\(span)-01", "00-\(trace)-\(span)_01",
    " 00-\(trace)-\(span)-01", "00-\(trace)-\(span)-01 ", "00-0af7651916cd43dd8448eb211c80319é-\(span)-01",
  ])
  func invalid(_ text: String) {
    #expect(TraceContext(traceparent: text) == nil)
  }

  @Test func generatedContextsAreValidAndChildrenStayInTheTrace() throws {
    // Ends every id in zeros, which an id must not consist of.
    var zeros = ConstantGenerator(value: 0)
    let context = TraceContext.generate(using: &zeros)
    #expect(context.traceparent == "00-00000000000000000000000000000001-0000000000000001-01")
    #expect(TraceContext(traceparent: context.traceparent) == context)

    var random = SystemRandomNumberGenerator()
    let parent = TraceContext.generate(using: &random)
    let child = parent.child(using: &random)
    #expect(child.traceID == parent.traceID)
    #expect(child.flags == parent.flags)
    #expect(child.spanID != parent.spanID)
    #expect(TraceContext.generate(using: &random).traceID != parent.traceID)
    #expect(TraceID(parent.traceID.description) == parent.traceID)
  }
}

private struct ConstantGenerator: RandomNumberGenerator {
  let value: UInt64
  mutating func next() -> UInt64 { value }
}
