/// gRPC's framing of messages within a body (gRPC over HTTP/2, "Length-Prefixed-Message").
package enum GRPCMessage {
  package enum Problem: Error, Equatable {
    /// The body ends within a message, or there is none.
    case incomplete
    /// We accept no compression.
    case compressed
    /// More than one message where there must be one.
    case several
  }

  private static let prefixLength = 5

  /// A body of one message, not compressed.
  package static func frame(_ message: [UInt8]) -> [UInt8] {
    var body: [UInt8] = []
    body.reserveCapacity(message.count + prefixLength)
    body.append(0)
    for shift in [24, 16, 8, 0] { body.append(UInt8(truncatingIfNeeded: message.count >> shift)) }
    body += message
    return body
  }

  /// The only message of a body.
  package static func only(in body: [UInt8]) throws(Problem) -> ArraySlice<UInt8> {
    guard body.count >= prefixLength else { throw .incomplete }
    guard body[0] == 0 else { throw .compressed }
    let length = body[1..<prefixLength].reduce(0) { $0 << 8 | Int($1) }
    let rest = body[prefixLength...]
    guard rest.count >= length else { throw .incomplete }
    guard rest.count == length else { throw .several }
    return rest
  }
}
