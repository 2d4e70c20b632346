import Client
import Protocol

/// An error that ends a command: what standard error says, and the exit code.
struct CommandFailure: Error, Sendable {
  let message: String
  /// What is behind it, outermost first.
  var causes: [String] = []
  var code = ExitCode.failure

  init(_ message: String, causes: [String] = [], code: ExitCode = .failure) {
    self.message = message
    self.causes = causes
    self.code = code
  }

  /// For an answer that did not come, once a daemon was found.
  init(_ error: ClientError) {
    self.init(error.description, causes: error.causes, code: error.exitCode)
  }

  /// For an answer of the daemon that is a refusal: its message.
  init(refusal answer: ServiceAnswer) {
    let error = answer.body.member("error")
    let message = (error?.member("message") ?? answer.body.member("message"))?.string
    let suggestion = error?.member("hint")?.member("did_you_mean")?.elements.first { _ in true }?.string
    self.init(
      (message?.onOneLine ?? "the daemon refused the request (status \(answer.status))")
        + (suggestion.map { " Did you mean \"\($0.onOneLine)\"?" } ?? ""))
  }

  /// `Error: …`, then a blank line and `Caused by:` with the causes, numbered if there are several.
  var rendered: String {
    var text = "Error: \(message)\n"
    guard !causes.isEmpty else { return text }
    text += "\nCaused by:\n"
    for (index, cause) in causes.enumerated() {
      text += causes.count == 1 ? "    \(cause)\n" : "    \(index): \(cause)\n"
    }
    return text
  }
}

extension ClientError {
  /// The exit code of a command that failed with it.
  fileprivate var exitCode: ExitCode {
    switch self {
    case .nobodyListens, .notStarted, .silent: .noDaemon
    case .untrustedPeer, .connectionLost, .badAnswer, .refused, .requestTooLarge: .failure
    }
  }
}
