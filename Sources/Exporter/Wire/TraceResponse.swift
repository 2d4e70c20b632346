/// OTLP's `ExportTraceServiceResponse`.
package struct TraceResponse: Equatable {
  /// Spans of the request that the collector did not take.
  package private(set) var rejectedSpans = 0
  /// Why, or a warning about what it took; the collector's words.
  package private(set) var message = ""

  /// Fields that are not known here are skipped.
  package init(_ bytes: ArraySlice<UInt8>) throws(ProtobufReader.Malformed) {
    var reader = ProtobufReader(bytes)
    while let (field, value) = try reader.next() {
      guard field == 1, case .bytes(let partial) = value else { continue }
      var reader = ProtobufReader(partial)
      while let (field, value) = try reader.next() {
        switch (field, value) {
        case (1, .varint(let number)): rejectedSpans = max(0, Int(Int64(bitPattern: number)))
        case (2, .bytes(let text)): message = String(decoding: text, as: UTF8.self)
        default: break
        }
      }
    }
  }
}
