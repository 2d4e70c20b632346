import HTTPClient
import Protocol

/// The header fields of requests to an upstream (contract §6.4): those of the protocol, then the configured ones, which
/// cannot replace them; the credentials come last. Pure.
struct RequestFields {
  /// Without those that the protocol owns.
  private let configured: [HTTPField]

  init(_ launch: HTTPLaunch) {
    configured = launch.headers.filter { !MCPHeader.isProtocol($0.name) }.map { HTTPField($0.name, $0.value) }
  }

  /// Of a POST before there is a session: `initialize` carries no version, for none is agreed.
  static let opening = [accept(stream: false), HTTPField("Content-Type", "application/json")]

  /// Of a POST within a session.
  static func post(_ session: HTTPSession) -> [HTTPField] { opening + session.fields }

  /// Of a 2026-07-28 request (mcp-checklist CLI-10).
  static func modern(
    _ revision: ProtocolRevision, method: String, parameters: JSONSlice, headers: [ParameterHeader]
  ) -> [HTTPField] {
    var fields = opening
    fields.append(HTTPField(MCPHeader.version, revision.rawValue))
    fields.append(HTTPField("Mcp-Method", HeaderText.encode(method)))
    if let key = nameBearing[method], let name = parameters.member(key)?.string {
      fields.append(HTTPField("Mcp-Name", HeaderText.encode(name)))
    }
    for header in headers {
      fields.append(HTTPField("Mcp-Param-\(header.name)", HeaderText.encode(header.value)))
    }
    return fields
  }

  /// Of a GET for an event stream; `session` is nil for the stream of 2024-11-05.
  static func stream(_ session: HTTPSession?, lastEventID: String?) -> [HTTPField] {
    [accept(stream: true)] + (session?.fields ?? []) + (lastEventID.map { [HTTPField("Last-Event-ID", $0)] } ?? [])
  }

  /// All fields of a request. Credentials win over a configured `Authorization`.
  func all(_ fields: [HTTPField], _ credentials: [HTTPField]) -> [HTTPField] {
    fields + configured.filter { credentials.first($0.name) == nil } + credentials
  }

  private static let nameBearing = ["tools/call": "name", "prompts/get": "name", "resources/read": "uri"]

  private static func accept(stream: Bool) -> HTTPField {
    HTTPField("Accept", stream ? "text/event-stream" : "application/json, text/event-stream")
  }
}
