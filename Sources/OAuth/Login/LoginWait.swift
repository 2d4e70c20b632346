/// What a pending login makes of the requests to its callback address (contract §7.7): which one is the answer, and what
/// everybody else is told. Anybody on this machine, and every page in the browser, can send requests there; only who
/// knows `state` gets anywhere. Pure.
package struct LoginWait: Sendable {
  package struct Reply: Sendable, Equatable {
    package let status: Int
    /// Plain text for the person in front of the browser; nothing of a token or code.
    package let text: String

    package init(status: Int, text: String) {
      self.status = status
      self.text = text
    }
  }

  package enum Outcome: Sendable, Equatable {
    case code(String)
    /// Why the login failed, in one sentence.
    case failed(String)
  }

  private let path: String
  private let expected: AuthorizationResponse.Expectation
  /// Nil while the login waits; it is decided once.
  package private(set) var outcome: Outcome?

  /// `path`: of the redirect URI.
  package init(path: String, expected: AuthorizationResponse.Expectation) {
    self.path = path
    self.expected = expected
  }

  package mutating func reply(to reading: CallbackRequest) -> Reply {
    guard outcome == nil else { return Reply(status: 410, text: "This login is over.") }
    guard reading.path == path else { return Reply(status: 404, text: "There is nothing here.") }
    guard reading.method == "GET" else { return Reply(status: 405, text: "Only GET is answered here.") }
    switch AuthorizationResponse(FormEncoding.decode(reading.query), expected) {
    case .foreign:
      return Reply(status: 400, text: "This is not the answer to the login that warmplane waits for.")
    case .withoutCode:
      return Reply(status: 400, text: "This answer has no code. warmplane goes on waiting.")
    case .failed(let reason):
      outcome = .failed(reason)
      return Reply(status: 400, text: "The login failed. warmplane says in its terminal why.")
    case .code(let code):
      outcome = .code(code)
      return Reply(
        status: 200, text: "warmplane has got the answer. You can close this page and go back to the terminal.")
    }
  }

  /// For what is no request that could be understood.
  package static let refusal = Reply(status: 400, text: "This is no request for this address.")
}

extension LoginWait.Reply {
  /// The whole HTTP answer. Nothing may keep it, and the address with the code must not be told to other sites.
  package var bytes: [UInt8] {
    let reason =
      switch status {
      case 200: "OK"
      case 404: "Not Found"
      case 405: "Method Not Allowed"
      case 410: "Gone"
      default: "Bad Request"
      }
    let body = text + "\n"
    let lines = [
      "HTTP/1.1 \(status) \(reason)", "Content-Type: text/plain; charset=utf-8", "Content-Length: \(body.utf8.count)",
      "Cache-Control: no-store", "Referrer-Policy: no-referrer", "X-Content-Type-Options: nosniff", "Connection: close",
    ]
    return Array("\(lines.joined(separator: "\r\n"))\r\n\(status == 405 ? "Allow: GET\r\n" : "")\r\n\(body)".utf8)
  }
}
