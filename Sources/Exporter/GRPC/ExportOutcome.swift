package import HTTPClient

/// How one attempt to export a batch ended. Pure.
package enum ExportOutcome: Equatable {
  /// The collector has it, but for `rejected` spans; the text is the collector's, and mostly empty.
  case accepted(rejected: Int, message: String)
  /// It may work later, not before `delay` if there is one.
  case unavailable(String, delay: Duration?)
  /// Trying the same again is useless.
  case refused(String)

  /// Characters of a collector's words in ours.
  private static let longestQuote = 200

  /// What an answer of the collector, or its absence, means.
  package init(_ result: Result<HTTPAnswer, HTTPFailure>) {
    switch result {
    case .success(let answer): self = Self.outcome(of: answer)
    case .failure(let failure):
      switch failure.reason {
      case .resolve, .connect, .connectTimeout, .firstByteTimeout, .idleTimeout, .totalTimeout, .broken, .cancelled,
        .busy:
        self = .unavailable(failure.detail, delay: nil)
      case .libraryMissing, .invalidRequest, .tls, .forbiddenAddress, .redirect, .tooLarge:
        self = .refused(failure.detail)
      }
    }
  }

  private static func outcome(of answer: HTTPAnswer) -> ExportOutcome {
    // libcurl takes the end of a connection for the end of an answer that announced no length.
    if answer.head.status == 200, answer.head.mediaType == "application/grpc", GRPCStatus(answer.trailers) == nil,
      GRPCStatus(answer.head.fields) == nil
    {
      return .unavailable("broke the connection in the middle of its answer", delay: nil)
    }
    // An answer without a body has its status in the head.
    let status =
      GRPCStatus(answer.trailers) ?? GRPCStatus(answer.head.fields) ?? GRPCStatus(httpStatus: answer.head.status)
    if status.isOK, answer.head.status == 200 { return accepted(answer.body) }
    let words = quote(status.message)
    let detail = "the collector answered \(status.name)\(words.isEmpty ? "" : ": \(words)")"
    return status.isRetryable ? .unavailable(detail, delay: status.retryDelay) : .refused(detail)
  }

  /// What the collector says of a batch that it took. An answer that cannot be read is as good as an empty one.
  private static func accepted(_ body: [UInt8]) -> ExportOutcome {
    guard let message = try? GRPCMessage.only(in: body), let response = try? TraceResponse(message) else {
      return .accepted(rejected: 0, message: "")
    }
    return .accepted(rejected: response.rejectedSpans, message: quote(response.message))
  }

  private static func quote(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    return line.count > longestQuote ? line.prefix(longestQuote) + "…" : line
  }
}
