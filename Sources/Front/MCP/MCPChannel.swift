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

  /// Sends a message; ignored when the client has gone. `request`: the request that it answers or tells something of;
  /// nil: it is for the client as such. `isAnswer`: it is the last about that request.
  func send(_ message: [UInt8], about request: RequestID?, isAnswer: Bool)

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

  func send(_ message: [UInt8], about request: RequestID?, isAnswer: Bool) { connection.send(message) }

  func note(name: String?, version: String?, era: ProtocolRevision.Era) {
    self.era = era
    if let name { self.name = name }
    if let version { self.version = version }
  }
}
