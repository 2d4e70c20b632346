/// The W3C Trace Context (level 1) of an operation: whose trace it belongs to and the span that caused what follows.
package struct TraceContext: Sendable, Hashable {
  package static let sampledFlag: UInt8 = 1

  package let traceID: TraceID
  /// Never 0. In a parsed context the caller's span, in a generated one ours.
  package let spanID: UInt64
  package let flags: UInt8
  /// The span that this one is a child of; 0 for the first of a trace and in a parsed context.
  package let parentSpanID: UInt64

  package init(
    traceID: TraceID, spanID: UInt64, flags: UInt8 = TraceContext.sampledFlag, parentSpanID: UInt64 = 0
  ) {
    self.traceID = traceID
    self.spanID = spanID
    self.flags = flags
    self.parentSpanID = parentSpanID
  }

  /// Whoever began the trace wants it recorded.
  package var isSampled: Bool { flags & Self.sampledFlag != 0 }

  /// A new trace.
  package static func generate(using generator: inout some RandomNumberGenerator) -> TraceContext {
    TraceContext(traceID: .generate(using: &generator), spanID: generateSpanID(using: &generator))
  }

  /// A span of the same trace, caused by this one.
  package func child(using generator: inout some RandomNumberGenerator) -> TraceContext {
    TraceContext(
      traceID: traceID, spanID: Self.generateSpanID(using: &generator), flags: flags, parentSpanID: spanID)
  }

  /// What those whom we call are told when nobody will ever see this span: its parent, if it has one. Their spans would
  /// hang on nothing otherwise.
  package var unrecorded: TraceContext {
    parentSpanID == 0 ? self : TraceContext(traceID: traceID, spanID: parentSpanID, flags: flags)
  }

  /// nil unless the text is a valid `traceparent`; an invalid one is ignored as a whole. Of versions above 00 the parts
  /// that version 00 knows are read, as the specification asks.
  package init?(traceparent text: String) {
    let bytes = Array(text.utf8)
    let dash = UInt8(ascii: "-")
    guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
      let version = LowerHex.parse(bytes[0..<2]), version != 0xFF,
      bytes.count == 55 || (version > 0 && bytes[55] == dash),
      let traceID = TraceID(bytes[3..<35]), let spanID = LowerHex.parse(bytes[36..<52]), spanID != 0,
      let flags = LowerHex.parse(bytes[53..<55])
    else { return nil }
    self.init(traceID: traceID, spanID: spanID, flags: UInt8(flags))
  }

  /// Of version 00.
  package var traceparent: String {
    "00-\(traceID)-\(LowerHex.render(spanID, digits: 16))-\(LowerHex.render(UInt64(flags), digits: 2))"
  }

  /// 16 lower-case hex digits.
  package var spanIDText: String { LowerHex.render(spanID, digits: 16) }

  private static func generateSpanID(using generator: inout some RandomNumberGenerator) -> UInt64 {
    // Only 0 is invalid. Drawing again would loop on a broken generator.
    max(1, generator.next())
  }
}

/// The 128-bit id of a trace; never 0. Printed as 32 lower-case hex digits, the `trace_id` of envelopes and logs.
package struct TraceID: Sendable, Hashable, CustomStringConvertible {
  package let high: UInt64
  package let low: UInt64

  package static func generate(using generator: inout some RandomNumberGenerator) -> TraceID {
    TraceID(high: generator.next(), low: max(1, generator.next()))
  }

  /// Reads what `description` prints.
  package init?(_ text: String) { self.init(Array(text.utf8)[...]) }

  init?(_ bytes: ArraySlice<UInt8>) {
    guard bytes.count == 32, let high = LowerHex.parse(bytes.prefix(16)), let low = LowerHex.parse(bytes.suffix(16)),
      high | low != 0
    else { return nil }
    self.init(high: high, low: low)
  }

  private init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  package var description: String { LowerHex.render(high, digits: 16) + LowerHex.render(low, digits: 16) }
}

/// Numbers as lower-case hex digits; upper case is not valid in a trace context.
private enum LowerHex {
  /// Of at most 16 digits.
  static func parse(_ bytes: ArraySlice<UInt8>) -> UInt64? {
    var number: UInt64 = 0
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt64(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): number = number << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
      default: return nil
      }
    }
    return number
  }

  static func render(_ number: UInt64, digits: Int) -> String {
    String(unsafeUninitializedCapacity: digits) { buffer in
      for index in 0..<digits {
        let digit = UInt8(truncatingIfNeeded: number >> UInt64(4 * (digits - 1 - index))) & 0xF
        buffer[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
      }
      return digits
    }
  }
}
