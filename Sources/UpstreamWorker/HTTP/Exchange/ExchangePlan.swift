import HTTPClient
import Protocol

/// What an exchange sends, and what it expects.
struct ExchangePlan {
  enum Purpose {
    /// A POST whose answer is JSON or an event stream.
    case request
    /// A POST, or the DELETE of a session, to which any success is answer enough.
    case notification
    /// A GET for an event stream.
    case stream
  }

  let purpose: Purpose
  let method: String
  let url: HTTPURL
  /// Those of the protocol; configured ones and credentials are added for each attempt.
  let fields: [HTTPField]
  var body: [UInt8]?
  /// The session id among the fields: not to be shown.
  var sessionID: String?
  /// Where a stream goes on.
  var lastEventID = ""
  /// The whole exchange; nil: whoever started it has a deadline.
  var timeout: Duration?

  static func post(
    _ url: HTTPURL, _ fields: [HTTPField], _ body: [UInt8], isRequest: Bool = true, timeout: Duration? = nil
  ) -> ExchangePlan {
    ExchangePlan(
      purpose: isRequest ? .request : .notification, method: "POST", url: url, fields: fields, body: body,
      sessionID: fields.first(MCPHeader.session), timeout: timeout)
  }

  /// Of a session, or of 2024-11-05 without one.
  static func stream(_ url: HTTPURL, _ session: HTTPSession?, lastEventID: String = "") -> ExchangePlan {
    ExchangePlan(
      purpose: .stream, method: "GET", url: url,
      fields: RequestFields.stream(session, lastEventID: lastEventID.isEmpty ? nil : lastEventID),
      sessionID: session?.id, lastEventID: lastEventID)
  }

  static func delete(_ session: HTTPSession, timeout: Duration) -> ExchangePlan {
    ExchangePlan(
      purpose: .notification, method: "DELETE", url: session.endpoint, fields: session.fields, sessionID: session.id,
      timeout: timeout)
  }
}
