import Protocol
import Supervisor

/// A request over HTTP that waits for its answer, as the channels of MCP see it. Loop-confined.
protocol MCPConnection: DeliveryReceipt {
  /// Of the JSON-RPC request in the body, whether that was looked at or not; nil when there is none.
  var requestID: RequestID? { get }

  /// Whether an answer can still be given.
  var isOpen: Bool { get }

  /// Answers; ignored when the client has gone.
  func respond(status: Int, headers: [(name: String, value: String)], contentType: String?, body: [UInt8])

  /// Begins an answer of server-sent events. Nil when the client has gone.
  func openEvents(headers: [(name: String, value: String)]) -> (any EventBody)?

  /// Called once when the client leaves before the answer begins; at once when it has left already.
  func onDisconnect(_ action: @escaping () -> Void)
}

/// The body of an answer of server-sent events. Loop-confined.
protocol EventBody: DeliveryReceipt {
  /// Called once when the client leaves, or is cut off, before `end`.
  var onDisconnect: (() -> Void)? { get set }
  var isOpen: Bool { get }
  /// Bytes that the client has not taken, and those that it has.
  var waitingBytes: Int { get }
  var takenBytes: Int { get }
  /// Bytes that have left this process.
  var sentBytes: Int { get }

  /// Queues the pieces as one. False when nobody gets them.
  @discardableResult
  func write(_ pieces: [[UInt8]]) -> Bool

  /// What waits is still sent, then the answer ends.
  func end()

  /// Breaks the connection off; `onDisconnect` is not called.
  func cutOff()
}

extension EventBody {
  var writtenBytes: Int { takenBytes + waitingBytes }
}

extension MCPConnection {
  var requestID: RequestID? { nil }

  /// With the id of the request, if that can be read: clients do not show errors without one to those who asked.
  func refuse(_ refusal: MCPHTTPRefusal) {
    var refusal = refusal
    refusal.id = refusal.id ?? requestID
    respond(
      status: refusal.status, headers: refusal.allow.map { [(name: "allow", value: $0)] } ?? [],
      contentType: "application/json", body: refusal.body)
  }
}

extension HTTPExchange: MCPConnection {
  var requestID: RequestID? { method == .post ? RequestID(ofRequest: body) : nil }

  func openEvents(headers: [(name: String, value: String)]) -> (any EventBody)? {
    respondStream(status: 200, headers: headers, contentType: EventStream.contentType)
  }
}

extension HTTPBodyStream: EventBody {}
