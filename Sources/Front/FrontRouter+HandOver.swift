import Glibc
import Platform
import Protocol
import Supervisor
import Transport

/// Giving way to the next daemon, which takes over the workers and what they have in hand.
extension FrontRouter {
  /// Ends all surfaces and gives up only what nobody could ask for any more: bridges, commands and sessions come back to the
  /// next daemon for their answers. A client of `/v1` is told to ask again with its key. With `keepingSockets` the listening
  /// TCP sockets stay open, and the caller owns them: clients that connect wait in their queues.
  package func handOver(keepingSockets: Bool) async -> ListeningSockets {
    stopServing()
    endMCPHTTP(isHandOver: true)
    let (http, own) = (http, mcpHTTP.ownPort?.server)
    self.http = nil
    mcpHTTP.ownPort = nil
    var sockets = ListeningSockets()
    sockets.http = await release(http, keepingSockets)
    sockets.mcp = await release(own, keepingSockets)
    return sockets
  }

  /// Accepts nothing more, and waits a moment for what is under way.
  private func release(_ server: HTTPServer?, _ isKept: Bool) async -> Int32? {
    guard let server else { return nil }
    var socket: Int32?
    await withCheckedContinuation { continuation in
      socket = server.stopAccepting(grace: .seconds(1)) { continuation.resume() }
    }
    guard let socket, !isKept else { return socket }
    Glibc.close(socket)
    return nil
  }

  private func stopServing() {
    isStopping = true
    isHandingOver = true
    // First, so that nothing is asked any more that nobody would carry out, and nothing answered that nobody would get:
    // an answer that is read here and reaches nobody would be acknowledged.
    control?.fallSilent()
    supervisor.assumeIsolated { $0.giveWay() }
    for operation in Array(operations.values) where operation.target is HTTPExchange {
      let id = operation.id
      operations[id] = nil
      // Nobody can ask for its outcome.
      if operation.keyed == nil { supervisor.assumeIsolated { _ = $0.cancel(id) } }
      let failure = advised(
        FailureMapping.beingReplaced(hasKey: operation.keyed != nil), operation.kind, operation.entryID)
      operation.target.finish(.failure(failure), requestID: operation.requestID, traceID: operation.traceID)
      logEnd(operation, .failure(failure))
      recordEnd(of: operation, .failure(failure))
    }
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
