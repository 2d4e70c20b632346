package import Platform

/// Why a command got no answer from a daemon.
package enum ClientError: Error, Sendable, Equatable {
  /// No daemon at any of the places that were tried; a socket file that nobody listens on counts as nobody.
  case nobodyListens([SystemError])
  /// Nobody listens, and a daemon that was started did not come to listen: why, mostly in its own words.
  case notStarted(String, causes: [String] = [])
  /// Somebody listens at `path`, but a process of another user.
  case untrustedPeer(path: String)
  /// The daemon accepted the connection and then said nothing for `seconds`.
  case silent(place: String, seconds: Int)
  /// The connection ended before the answer; the operation may have run.
  case connectionLost(String)
  /// What came back is not what a daemon of ours says.
  case badAnswer(String)
  /// The daemon does not know the request, or not in this form.
  case refused(code: Int, message: String)
  /// The request is larger than a frame or a body may be.
  case requestTooLarge(bytes: Int, limit: Int)
}

// MARK: CustomStringConvertible

extension ClientError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .nobodyListens: "no daemon answers"
    case .notStarted: "the daemon could not be started"
    case .untrustedPeer(let path): "the process that listens at \(path) belongs to another user"
    case .silent(let place, let seconds): "the daemon at \(place) did not answer within \(seconds) s"
    case .connectionLost: "the connection to the daemon was lost before the answer; the operation may have run"
    case .badAnswer: "the answer is not one of a warmplane daemon"
    case .refused(let code, let message): "the daemon refused the request: \(message) (code: \(code))"
    case .requestTooLarge(let bytes, let limit): "the request has \(bytes) bytes; at most \(limit) are possible"
    }
  }

  /// What is behind it, outermost first; empty if `description` says it all.
  package var causes: [String] {
    switch self {
    case .nobodyListens(let errors): errors.map(\.description)
    case .notStarted(let reason, let causes): [reason] + causes
    case .connectionLost(let reason), .badAnswer(let reason): [reason]
    case .untrustedPeer, .silent, .refused, .requestTooLarge: []
    }
  }
}
