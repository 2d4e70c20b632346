import Platform
import Protocol

/// Why there is no session, or none any more.
struct UpstreamEnd: Error {
  /// What the upstream did or lacks, to be put behind its name; without secrets.
  let detail: String
  /// The readiness code, where it is not the one of a failed transport.
  var readiness: ReadinessCode?
  /// How long the upstream wants to be left alone.
  var retryAfter: Duration?

  init(_ detail: String, readiness: ReadinessCode? = nil, retryAfter: Duration? = nil) {
    self.detail = detail
    self.readiness = readiness
    self.retryAfter = retryAfter
  }

  /// What a supervisor is told beside the sentence.
  func writeMembers(to writer: inout JSONWriter) {
    if let readiness { writer.member("readiness", readiness.rawValue) }
    if let retryAfter { writer.member("retryAfterMs", retryAfter.wholeMilliseconds) }
  }

  /// The same as an object; nil when there is nothing.
  var members: JSONSlice? {
    guard readiness != nil || retryAfter != nil else { return nil }
    var writer = JSONWriter()
    writer.beginObject()
    writeMembers(to: &writer)
    writer.endObject()
    return try? JSONSlice(validating: writer.finish())
  }
}
