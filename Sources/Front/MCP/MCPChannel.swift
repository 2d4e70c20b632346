import Protocol
import Supervisor
import Transport

/// The way to one MCP client. Loop-confined.
protocol MCPChannel: AnyObject {
  /// Who comes back for answers after this daemon (`RequestOrigin`); nil: nobody.
  var client: String? { get }
  /// In bytes.
  var largestMessage: Int { get }
  /// Of the message that was sent last.
  var delivery: Delivery { get }
  /// What gives up the operations that run for the client, when it goes away.
  var abandons: [OperationID: () -> Void] { get set }
  /// Nil before the client said anything.
  var era: ProtocolRevision.Era? { get }

  /// Bytes of messages that the client has not taken yet, as far as they are known.
  var queuedBytes: Int { get }

  /// Sends a message; ignored when the client has gone.
  func send(_ message: OutgoingMessage)

  /// Who is there, for `status`.
  func note(name: String?, version: String?, era: ProtocolRevision.Era)
}

extension MCPChannel {
  var queuedBytes: Int { 0 }
}

/// A bridge: what one message is about need not be told, all take the same way.
extension ControlSession: MCPChannel {
  var largestMessage: Int { Frame.maximumLength }
  var delivery: Delivery { connection.delivery }
  var queuedBytes: Int { connection.queuedBytes }

  func send(_ message: OutgoingMessage) { connection.send(message.bytes) }

  func note(name: String?, version: String?, era: ProtocolRevision.Era) {
    self.era = era
    if let name { self.name = name }
    if let version { self.version = version }
  }
}
