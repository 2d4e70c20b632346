package import HTTPClient
import Platform
import Protocol

/// The way to the collector. Loop-confined.
package protocol CollectorTransport: AnyObject {
  /// Posts `message` within `timeout`. `completion` is called once, on the loop, later; never after `close`.
  func send(
    _ message: [UInt8], within timeout: Duration, _ completion: @escaping (Result<HTTPAnswer, HTTPFailure>) -> Void)

  /// Gives up what is under way.
  func close()
}

/// A collector that speaks gRPC.
package final class GRPCTransport: CollectorTransport {
  /// An `ExportTraceServiceResponse` has at most a sentence.
  private static let longestAnswer = 65_536

  private let client: HTTPClient
  private let url: HTTPURL
  private let fields: [HTTPField]
  private var isClosed = false

  package init(client: HTTPClient, settings: ExporterSettings) {
    self.client = client
    url = settings.url
    fields =
      settings.fields + [HTTPField("content-type", "application/grpc"), HTTPField("te", "trailers")]
  }

  package func send(
    _ message: [UInt8], within timeout: Duration, _ completion: @escaping (Result<HTTPAnswer, HTTPFailure>) -> Void
  ) {
    var request = HTTPRequest("POST", url, fields: fields, body: GRPCMessage.frame(message))
    // At most 8 digits (gRPC over HTTP/2, "Timeout").
    let milliseconds = min(max(1, timeout.wholeMilliseconds), 99_999_999)
    request.fields.append(HTTPField("grpc-timeout", "\(milliseconds)m"))
    request.priorKnowledgeHTTP2 = true
    request.connectTimeout = min(request.connectTimeout, timeout)
    request.totalTimeout = timeout
    request.bodyLimit = Self.longestAnswer
    var head: HTTPResponseHead?
    var body: [UInt8] = []
    client.start(
      request,
      HTTPHandlers(
        onHead: { head = $0 },
        onBytes: { body += $0 },
        onEnd: { [weak self] result in
          guard self?.isClosed == false else { return }
          completion(
            result.flatMap { trailers in
              guard let head else { return .failure(HTTPFailure(.broken, "sent no answer", wasSent: true)) }
              return .success(HTTPAnswer(head: head, body: body, trailers: trailers))
            })
        }))
  }

  package func close() {
    isClosed = true
    client.close()
  }
}
