import Protocol

/// What an answer's head says about its body. Pure.
enum AnswerForm: Equatable {
  /// One JSON text, to be read to its end.
  case json
  case eventStream
  /// Taken, and nothing else is to come.
  case accepted
  /// An error status: the body may hold a JSON-RPC error, or words.
  case refused
  /// No answer that could be used; what the upstream did, in words.
  case unusable(String)

  /// To a POST. `isRequest`: the message wants an answer.
  init(status: Int, mediaType: String, isRequest: Bool) {
    guard (200..<300).contains(status) else {
      self = .refused
      return
    }
    guard isRequest else {
      self = .accepted
      return
    }
    switch mediaType {
    case _ where status == 202 || status == 204:
      self = .unusable("accepted the request (HTTP \(status)) without an answer to it")
    case "application/json": self = .json
    case "text/event-stream": self = .eventStream
    case "": self = .unusable("answered without a content type, where JSON or an event stream was expected")
    default:
      self = .unusable(
        "answered with content type \(mediaType.clipped(to: 80)), where JSON or an event stream was expected")
    }
  }

  /// To a GET for an event stream.
  init(streamStatus status: Int, mediaType: String) {
    if !(200..<300).contains(status) {
      self = .refused
    } else if mediaType == "text/event-stream" {
      self = .eventStream
    } else {
      self = .unusable("answered with content type \(mediaType.clipped(to: 80)), where an event stream was expected")
    }
  }
}
