import Protocol
package import Telemetry

/// Encodes spans as OTLP's `ExportTraceServiceRequest` (opentelemetry-proto 1.x, `collector/trace/v1`, `trace/v1`): one
/// resource, one scope. Pure.
package struct TraceRequest {
  /// The `resource` and `scope` fields, which every request repeats.
  private let resource: [UInt8]
  private let scope: [UInt8]

  /// `resource`: what produces the spans. `scope`: the tracer's name.
  package init(resource: [SpanAttribute], scope: String, version: String) {
    var writer = ProtobufWriter()
    writer.message(1) { for attribute in resource { Self.write(attribute, 1, to: &$0) } }
    self.resource = writer.bytes
    writer = ProtobufWriter()
    writer.message(1) {
      $0.string(1, scope)
      $0.string(2, version)
    }
    self.scope = writer.bytes
  }

  /// One span as a field of `ScopeSpans`; `message` puts such fields together.
  package static func encode(_ span: Span) -> [UInt8] {
    var writer = ProtobufWriter(reserving: 512)
    writer.message(2) { write(span, to: &$0) }
    return writer.bytes
  }

  /// The whole request with these encoded spans.
  package func message(_ spans: some Sequence<[UInt8]>) -> [UInt8] {
    let spans = Array(spans)
    let scopeLength = scope.count + spans.reduce(0) { $0 + $1.count }
    var scopeHeader = ProtobufWriter()
    scopeHeader.messageHeader(2, length: scopeLength)
    let resourceLength = resource.count + scopeHeader.bytes.count + scopeLength
    var writer = ProtobufWriter(reserving: resourceLength + 16)
    writer.messageHeader(1, length: resourceLength)
    writer.append(encoded: resource)
    writer.append(encoded: scopeHeader.bytes)
    writer.append(encoded: scope)
    for span in spans { writer.append(encoded: span) }
    return writer.bytes
  }

  private static func write(_ span: Span, to writer: inout ProtobufWriter) {
    let context = span.context
    writer.bigEndian(1, context.traceID.high, context.traceID.low)
    writer.bigEndian(2, context.spanID)
    if context.parentSpanID != 0 { writer.bigEndian(4, context.parentSpanID) }
    writer.string(5, span.name)
    writer.varint(6, span.kind == .server ? 2 : 3)
    writer.fixed64(7, span.start)
    writer.fixed64(8, span.end)
    for attribute in span.attributes { write(attribute, 9, to: &writer) }
    if case .error(let text) = span.status {
      writer.message(15) {
        $0.string(2, text)
        $0.varint(3, 2)
      }
    }
    // Bit 8 says that bit 9 is known, which says that the parent is remote.
    writer.fixed32(16, UInt32(context.flags) | 0x100 | (span.isParentRemote ? 0x200 : 0))
  }

  /// A `KeyValue`.
  private static func write(_ attribute: SpanAttribute, _ field: Int, to writer: inout ProtobufWriter) {
    writer.message(field) {
      $0.string(1, attribute.key)
      $0.message(2) { value in
        switch attribute.value {
        case .string(let text): value.string(1, text, inOneof: true)
        case .integer(let number): value.varint(3, UInt64(bitPattern: Int64(number)), inOneof: true)
        }
      }
    }
  }
}
