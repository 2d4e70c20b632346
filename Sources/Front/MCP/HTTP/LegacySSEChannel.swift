import Platform
import Protocol
import Supervisor
import Transport

/// The way to a client of revision 2024-11-05 over HTTP: one stream for everything that we say; what the client says
/// comes by POST. The end of the stream is the end of the session (mcp-checklist §3.7). Loop-confined.
final class LegacySSEChannel: MCPChannel {
  let id: String
  let owner: String
  let client: String? = nil
  let largestMessage = Frame.maximumLength
  var abandons: [OperationID: () -> Void] = [:]
  private(set) var era: ProtocolRevision.Era?
  private(set) var name: String?
  private(set) var version: String?
  /// Set right after the channel was made. The front holds it as long as the session lives.
  weak var session: MCPSession!
  /// Called once when the client has gone.
  var onEnd: (() -> Void)?
  let endpoint: MCPEndpoint
  private var events: EventStream?

  init(id: String, owner: String, _ endpoint: MCPEndpoint) {
    self.id = id
    self.owner = owner
    self.endpoint = endpoint
  }

  /// Begins the stream with the place for the client's messages. False when the client has gone.
  func open(_ exchange: HTTPExchange, messages: String) -> Bool {
    events = EventStream(exchange) { [weak self] in self?.end() }
    guard let events else { return false }
    endpoint.streams.add(events)
    events.send(Array(messages.utf8), name: "endpoint")
    return true
  }

  var delivery: Delivery { events.map { .passedOn($0.receipt, mark: $0.writtenBytes) } ?? .done }

  var queuedBytes: Int { events?.waitingBytes ?? 0 }

  func note(name: String?, version: String?, era: ProtocolRevision.Era) {
    self.era = era
    self.name = name ?? self.name
    self.version = version ?? self.version
  }

  func send(_ message: OutgoingMessage) { events?.send(message.bytes) }

  /// Ends the session: what runs for it is given up, unless the daemon makes room for the next one.
  func end(isHandOver: Bool = false) {
    if let events {
      endpoint.streams.remove(events)
      events.end()
    }
    events = nil
    if !isHandOver { for abandon in Array(abandons.values) { abandon() } }
    abandons = [:]
    let action = onEnd
    onEnd = nil
    action?()
  }
}
