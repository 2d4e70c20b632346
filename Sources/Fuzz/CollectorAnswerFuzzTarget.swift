import Exporter
import HTTPClient
import Protocol

/// What a collector answers: the body of a gRPC answer and the details of its status. Nothing that it says is taken
/// without bounds.
struct CollectorAnswerFuzzTarget: FuzzTarget {
  static let name = "collector-answer"

  static let tokens: [[UInt8]] = [
    [0, 0, 0, 0, 0], [0, 0, 0, 0, 2, 0x0a, 0], [0x0a], [0x12], [0x1a], [0x08], [0x10], [0x80],
    [0xff, 0xff, 0xff, 0x7f],
    [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], [0x0b], [0x0c],
    Array("\u{a}\u{28}type.googleapis.com/google.rpc.RetryInfo".utf8),
  ]

  func run(_ input: [UInt8], random: inout some RandomNumberGenerator) throws {
    var reader = ProtobufReader(input[...])
    var most = input.count
    do throws(ProtobufReader.Malformed) {
      while let (field, value) = try reader.next() {
        most -= 1
        if field < 1 { break }
        if case .bytes(let bytes) = value, bytes.startIndex < 0 || bytes.endIndex > input.count { most = -1 }
      }
    } catch {}
    try require(most >= 0, "more fields than bytes, or bytes from elsewhere")

    if let message = try? GRPCMessage.only(in: input) {
      try require(GRPCMessage.frame(Array(message)) == input, "a message written again is not what was read")
    }
    let encoded = Base64.encode(input)
    try require(Base64.decode(encoded) == input, "Base64 is not what it stands for")
    let status = GRPCStatus([
      HTTPField("grpc-status", "8"), HTTPField("grpc-status-details-bin", encoded),
      HTTPField("grpc-message", String(decoding: input, as: UTF8.self)),
    ])
    if let delay = status?.retryDelay {
      try require(delay >= .zero && delay <= .seconds(86_401), "a delay of \(delay)")
    }
    guard let url = HTTPURL("http://127.0.0.1/") else { return }
    let head = HTTPResponseHead(status: 200, fields: [HTTPField("grpc-status", "0")], url: url)
    switch ExportOutcome(.success(HTTPAnswer(head: head, body: input))) {
    case .accepted(let rejected, let message):
      try require(rejected >= 0 && message.count <= 201, "\(rejected) spans and \(message.count) characters")
    case .unavailable, .refused: try require(false, "a success is none")
    }
  }

  func signature(of input: [UInt8]) -> UInt64 {
    var signature: UInt64 = 0
    if let message = try? GRPCMessage.only(in: input) {
      signature = 1
      if let response = try? TraceResponse(message) {
        signature = 2 + (response.rejectedSpans > 0 ? 1 : 0) + (response.message.isEmpty ? 0 : 2)
      }
    }
    let details = GRPCStatus([
      HTTPField("grpc-status", "8"), HTTPField("grpc-status-details-bin", Base64.encode(input)),
    ])
    return signature << 1 | (details?.retryDelay == nil ? 0 : 1)
  }
}
