import Glibc
import Platform
import Protocol
import Transport

/// Giving way to the next daemon, which takes over the workers and what they have in hand.
extension FrontRouter {
  /// Closes all surfaces and gives nothing up: bridges and commands come back to the next daemon for their answers. A
  /// client of `/v1` is told to ask again with its key. With `keepingSocket` the listening socket of `/v1` stays open, and
  /// the caller owns it: clients that connect wait in its queue.
  package func handOver(keepingSocket: Bool) async -> Int32? {
    isStopping = true
    // First, so that no frame is read any more that nobody would carry out.
    control?.close()
    control = nil
    for operation in Array(operations.values) where operation.target is HTTPExchange {
      operations[operation.id] = nil
      let failure = advised(
        FailureMapping.beingReplaced(hasKey: operation.keyed != nil), operation.kind, operation.entryID)
      operation.target.finish(.failure(failure), requestID: operation.requestID, traceID: operation.traceID)
      logEnd(operation, .failure(failure))
      recordEnd(of: operation, .failure(failure))
    }
    endMCPHTTP(isHandOver: true)
    await closeMCPPort()
    guard let http else { return nil }
    self.http = nil
    var socket: Int32?
    await withCheckedContinuation { continuation in
      let number = http.stopAccepting(grace: .seconds(1)) { continuation.resume() }
      if keepingSocket { socket = number } else if let number { Glibc.close(number) }
    }
    return socket
  }

  /// Stops accepting on the control socket and gives it away, open: clients that connect wait in its queue for whoever
  /// serves it next. The caller owns the descriptor; nil when there is none.
  package func releaseControlSocket() -> Int32? { control?.releaseSocket() }

  /// Another program takes the place of this one: `program` of the request, or the one that is installed where this one
  /// was started from.
  func upgrade(_ session: ControlSession, _ id: RequestID, _ params: JSONSlice?) {
    let program = params?.member("program")?.string ?? settings.program
    // Members of the service's group may talk to it, but not choose what runs as its user.
    guard program == settings.program || session.connection.peer.isTrusted else {
      return session.refuse(id, code: MCPErrorCode.invalidParams, "only the daemon's own user may name a program")
    }
    guard program.hasPrefix("/"), access(program, X_OK) == 0 else {
      return session.refuse(id, code: MCPErrorCode.invalidParams, "\(program) cannot be executed")
    }
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("ok", true)
    writer.member("pid", Int(getpid()))
    writer.endObject()
    session.reply(id, status: 200, body: writer.bytes)
    requestUpgrade(to: program)
  }
}
