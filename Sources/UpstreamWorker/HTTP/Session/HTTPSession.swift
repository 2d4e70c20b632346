import HTTPClient
import Protocol

/// A session with an HTTP upstream, or what stands for one: every request belongs to the one that it began with.
/// Loop-confined.
final class HTTPSession {
  /// Longest session id accepted, in bytes: it goes into each request.
  static let longestID = 4096

  let revision: ProtocolRevision
  /// A secret: never in logs and errors. Nil when the upstream issued none.
  let id: String?
  /// That of the credentials it was opened with.
  let generation: Int
  /// Where messages go: the configured URL, or the endpoint that an event stream of 2024-11-05 named.
  let endpoint: HTTPURL

  /// The stream that brings all answers, and whose end is the session's; nil but for 2024-11-05.
  var eventStream: EventStream2024?

  /// Requests that are out; a session that was replaced is closed after the last one.
  var openRequests = 0
  /// Another one has taken its place, though the upstream still knows this one.
  var isSuperseded = false

  /// The upstream is being asked whether it knows this session.
  var isDoubted = false
  /// It has said 404 for another reason than that it does not know the session.
  var hasOther404s = false

  init(revision: ProtocolRevision, id: String?, generation: Int, endpoint: HTTPURL) {
    self.revision = revision
    self.id = id
    self.generation = generation
    self.endpoint = endpoint
  }

  /// The fields that say which session and version a legacy request belongs to.
  var fields: [HTTPField] {
    (id.map { [HTTPField(MCPHeader.session, $0)] } ?? []) + [HTTPField(MCPHeader.version, revision.rawValue)]
  }

  /// Whether a request with these credentials may go out in this session (contract §6.5).
  func admits(_ authorization: Authorization) -> Bool {
    id == nil && eventStream == nil || generation == authorization.generation
  }

  /// The session id of an answer to `initialize`: visible ASCII (2025-03-26 transports). Nil when there is none, or one
  /// that could not be sent back.
  static func id(of head: HTTPResponseHead) -> String? {
    guard let id = head.fields.first(MCPHeader.session), !id.isEmpty, id.utf8.count <= longestID,
      id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
    else { return nil }
    return id
  }
}
