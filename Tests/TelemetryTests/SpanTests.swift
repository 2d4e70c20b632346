import Platform
import Telemetry
import Testing

@Suite struct SpanTests {
  @Test(
    "long texts are cut between scalars",
    arguments: [
      ("", ""), ("abc", "abc"), ("abcd", "abcd"), ("abcde", "abcd"), ("abcé", "abc"), ("é€", "é"), ("🙂x", "🙂"),
    ])
  func cut(_ text: String, _ wanted: String) {
    #expect(SpanAttribute.cut(text, to: 4) == wanted)
  }

  @Test func attributesAreBounded() {
    let attribute = SpanAttribute("key", String(repeating: "a", count: 100_000))
    #expect(attribute.value == .string(String(repeating: "a", count: SpanAttribute.longestText)))
  }

  @Test("moments keep their distance to the reading, whatever the clocks say")
  func time() {
    let time = SpanTime(now: MonotonicTime(nanoseconds: 100), calendar: 5000)
    #expect(time.nanoseconds(of: MonotonicTime(nanoseconds: 100)) == 5000)
    #expect(time.nanoseconds(of: MonotonicTime(nanoseconds: 40)) == 4940)
    #expect(time.nanoseconds(of: MonotonicTime(nanoseconds: 101)) == 5001)
    #expect(time.nanoseconds(of: MonotonicTime(nanoseconds: -10_000)) == 0)
    #expect(time.nanoseconds(of: MonotonicTime(nanoseconds: .min)) == 0)
    #expect(
      SpanTime(now: time.now, calendar: .max).nanoseconds(of: MonotonicTime(nanoseconds: .max)) == UInt64(Int64.max))
    let reading = SpanTime.read()
    #expect(reading.nanoseconds(of: reading.now) > 1_700_000_000_000_000_000)
  }

  @Test("without a span of ours, those whom we call continue the caller's")
  func unrecorded() throws {
    var random = BufferedRandom()
    let parent = try #require(TraceContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"))
    let child = parent.child(using: &random)
    #expect(child.parentSpanID == parent.spanID && !child.isSampled && child != parent)
    #expect(child.unrecorded == parent)
    let root = TraceContext.generate(using: &random)
    #expect(root.parentSpanID == 0 && root.isSampled && root.unrecorded == root)
  }
}
