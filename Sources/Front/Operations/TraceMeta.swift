import Protocol
import Telemetry

/// The trace that a client's `_meta` continues. Pure.
enum TraceMeta {
  /// Without a state that is of no trace: with no `traceparent`, or a bad one, ours begins anew, and a state of another must
  /// not be told with it (W3C Trace Context, section 3.3.1.2).
  static func continued(_ meta: JSONSlice) -> JSONSlice {
    guard meta.member("tracestate") != nil,
      meta.member("traceparent")?.string.flatMap({ TraceContext(traceparent: $0) }) == nil
    else { return meta }
    var writer = JSONWriter(reserving: meta.range.count)
    writer.beginObject()
    for (key, value) in meta.members where !key.isString("tracestate") {
      writer.key(splicing: key)
      writer.splice(value)
    }
    writer.endObject()
    return JSONSlice(assembled: writer)
  }
}
