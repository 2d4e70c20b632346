package import HTTPClient
import Protocol

/// How a gRPC call ended, from the trailers of its answer, or from the head of an answer that has nothing else. Pure.
package struct GRPCStatus: Equatable {
  package static let unknown = 2
  package static let unavailable = 14

  package let code: Int
  /// The server's words.
  package let message: String
  /// The server asks to be left alone for this long (`google.rpc.RetryInfo`). It may be 0.
  package let retryDelay: Duration?

  /// Nil without a `grpc-status`. One that is no number counts as unknown.
  package init?(_ fields: [HTTPField]) {
    guard let status = fields.first("grpc-status") else { return nil }
    code = Int(status) ?? Self.unknown
    message = Self.decodePercents(fields.first("grpc-message") ?? "")
    retryDelay = fields.first("grpc-status-details-bin").flatMap(Self.retryDelay)
  }

  /// Of an HTTP answer that is none of gRPC, probably a proxy's (gRPC's mapping of HTTP status codes).
  package init(httpStatus: Int) {
    switch httpStatus {
    case 400: code = 13
    case 401: code = 16
    case 403: code = 7
    case 404: code = 12
    case 429, 502, 503, 504: code = Self.unavailable
    default: code = Self.unknown
    }
    message = "HTTP status \(httpStatus) without a gRPC status"
    retryDelay = nil
  }

  package var isOK: Bool { code == 0 }

  /// Whether the same export may be tried again (OTLP 1.x, "Failures" of OTLP/gRPC): an exhausted server only if it says
  /// when.
  package var isRetryable: Bool {
    switch code {
    case 1, 4, 10, 11, Self.unavailable, 15: true
    case 8: retryDelay != nil
    default: false
    }
  }

  /// The name of the code.
  package var name: String {
    let names = [
      "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
      "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
      "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ]
    return names.indices.contains(code) ? names[code] : "status \(code)"
  }

  /// `grpc-message` is percent-encoded UTF-8; what is not encoded well is taken as it is.
  private static func decodePercents(_ text: String) -> String {
    PercentEncoding.decode(text, isLenient: true) ?? text
  }

  // MARK: Details

  /// The `RetryInfo` among the details of a `google.rpc.Status`.
  private static func retryDelay(_ text: String) -> Duration? {
    guard text.utf8.count <= 8192, let bytes = Base64.decode(text) else { return nil }
    return try? retryDelay(inStatus: bytes[...])
  }

  private static func retryDelay(inStatus bytes: ArraySlice<UInt8>) throws(ProtobufReader.Malformed) -> Duration? {
    var reader = ProtobufReader(bytes)
    while let (field, value) = try reader.next() {
      guard field == 3, case .bytes(let detail) = value else { continue }
      var (type, content) = ("", ArraySlice<UInt8>())
      var details = ProtobufReader(detail)
      while let (field, value) = try details.next() {
        guard case .bytes(let bytes) = value else { continue }
        if field == 1 { type = String(decoding: bytes, as: UTF8.self) }
        if field == 2 { content = bytes }
      }
      if type.hasSuffix("/google.rpc.RetryInfo") { return try retryDelay(inRetryInfo: content) }
    }
    return nil
  }

  private static func retryDelay(inRetryInfo bytes: ArraySlice<UInt8>) throws(ProtobufReader.Malformed) -> Duration {
    var (seconds, nanoseconds) = (Int64(0), Int64(0))
    var reader = ProtobufReader(bytes)
    while let (field, value) = try reader.next() {
      guard field == 1, case .bytes(let duration) = value else { continue }
      var parts = ProtobufReader(duration)
      while let (field, value) = try parts.next() {
        guard case .varint(let number) = value else { continue }
        if field == 1 { seconds = Int64(bitPattern: number) }
        if field == 2 { nanoseconds = Int64(bitPattern: number) }
      }
    }
    // A day is as good as for ever, and sums stay in range.
    let delay = Duration.seconds(min(max(0, seconds), 86_400)) + .nanoseconds(min(max(0, nanoseconds), 999_999_999))
    return delay
  }
}
