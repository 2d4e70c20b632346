import Configuration
import Platform
import Protocol
import Transport

/// One connection of the control socket: a command, a bridge or a test. Loop-confined.
final class ControlSession: Hashable {
  enum Role {
    /// It has asked for nothing yet.
    case undecided
    /// It only looks at the daemon: `status`, `logs`.
    case observer
    case client
  }

  let connection: FrameConnection
  /// What the client says of itself in `hello`.
  var kind = "unknown"
  var name: String?
  var version: String?
  /// Random, of the client's process; a client that gives none cannot come back for its answers.
  var client: String?
  var hasSaidHello = false
  /// What it wants to see, and how (`hello`); of a bridge, what it got.
  var scope = ScopeName.everything
  var exposure: Exposure?
  /// The server that direct exposure is of.
  var directServer: String?
  /// It goes on with what an earlier daemon gave it, or this one before.
  var isReturning = false
  /// What its requests so far make of it; the daemon's idle time depends on it.
  var role = Role.undecided
  /// Of an MCP client, once it has opened.
  var era: ProtocolRevision.Era?
  /// Takes every frame after `hello` in place of our own requests: a bridge speaks MCP.
  var onPayload: (([UInt8]) -> Void)?
  /// What gives up the operations that run for it, when it goes away.
  var abandons: [OperationID: () -> Void] = [:]

  init(_ connection: FrameConnection) { self.connection = connection }

  var pid: Int32 { connection.peer.pid }

  /// Answers a request with the status and body that it would have on `/v1`.
  func reply(_ id: RequestID, status: Int, body: [UInt8]) {
    // The largest result of an upstream fits; a client's own huge request id beside it may not.
    guard body.count <= Frame.maximumLength - 4096 else {
      return refuse(id, code: MCPErrorCode.internalError, "the answer of \(body.count) bytes is too large for a frame")
    }
    connection.send(
      JSONRPCWriter.result(id: id, reserving: body.count + 64) { writer in
        writer.beginObject()
        writer.member("status", status)
        writer.key("body")
        writer.splice(text: body)
        writer.endObject()
      })
  }

  func refuse(_ id: RequestID?, code: Int, _ message: String) {
    connection.send(JSONRPCWriter.error(id: id, code: code, message: message))
  }

  static func == (left: ControlSession, right: ControlSession) -> Bool { left === right }

  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
