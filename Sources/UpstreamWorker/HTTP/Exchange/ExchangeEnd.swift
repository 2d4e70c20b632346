import HTTPClient
import Protocol

/// How an exchange ended.
enum ExchangeEnd {
  /// A message that was taken, or a stream that the upstream closed. What it held was told before.
  case complete
  case refused(Refused)
  /// A success that could not be used; what the upstream did, in words.
  case unusable(String)
  /// The answer is larger than is accepted.
  case tooLarge(String)
  case failed(HTTPFailure)
  /// There are no credentials, or others than those that were refused would not help.
  case unauthorized(AuthorizationFailure, Refused?)
  /// Nothing was sent: the credentials are others than those of the session.
  case superseded

  /// An error status.
  struct Refused {
    let status: Int
    /// What its body held as JSON-RPC.
    let messages: [IncomingMessage]
    /// `HTTP <status>: …`
    let sentence: String
    let retryAfter: Duration?

    /// Too many requests, or out of order.
    var isOutage: Bool { status == 429 || status >= 500 }
  }
}

extension HTTPFailure {
  /// No connection was made, whatever was to be sent.
  var isUnreachable: Bool {
    switch reason {
    case .resolve, .connect, .tls, .connectTimeout: !wasSent
    default: false
    }
  }

  /// How a request ends by it.
  var requestFailure: RequestFailure {
    let detail = "it \(self.detail)"
    return switch reason {
    // It answered, if only that what we want is elsewhere.
    case .redirect: RequestFailure(.failed, CallFailure(.badAnswer, detail))
    case .invalidRequest: RequestFailure(.failed, CallFailure(.fault, self.detail))
    case .tooLarge: RequestFailure(.failed, CallFailure(.answerTooLarge, detail))
    case .busy: RequestFailure(.notSent, CallFailure(.queueFull, detail), isOutage: true)
    case .firstByteTimeout, .idleTimeout, .totalTimeout:
      RequestFailure(wasSent ? .unknown : .notSent, CallFailure(.timeout, detail), isOutage: true)
    default: RequestFailure(wasSent ? .unknown : .notSent, CallFailure(.upstreamDied, detail), isOutage: true)
    }
  }
}

extension AuthorizationFailure {
  /// Credentials that are written down in the configuration have no state that a readiness code could name.
  private var namedCode: ReadinessCode? { code == .transportUnavailable ? nil : code }

  /// The words of the answer help where nothing else explains the refusal.
  private func sentence(_ refused: ExchangeEnd.Refused?) -> String {
    guard let refused, namedCode == nil else { return detail }
    return "\(detail) (\(refused.sentence))"
  }

  /// How a request ends by it: it was not executed, but another one would end like it.
  func requestFailure(_ refused: ExchangeEnd.Refused?) -> RequestFailure {
    RequestFailure(
      .failed, CallFailure(.unauthorized, "it \(sentence(refused))", code: namedCode), isAnswer: refused != nil)
  }

  /// How the opening of a session ends by it.
  func upstreamEnd(_ refused: ExchangeEnd.Refused?) -> UpstreamEnd {
    UpstreamEnd(sentence(refused), readiness: namedCode)
  }
}
