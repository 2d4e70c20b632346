import Configuration
import Glibc
import Platform
import Protocol
import Supervisor
import Telemetry

/// Requests of the control socket.
extension FrontRouter {
  func control(_ session: ControlSession, _ id: RequestID, _ method: String, _ params: JSONSlice?) {
    noteRole(of: session, asking: method)
    let reaskedAt = params?.member("_meta")?.member("askedAt")?.int.map { Int64($0) }
    let trace = trace(continuing: params?.member("_meta")?.member("traceparent")?.string)
    let profile = params?.member("_meta")?.member("profile")?.string
    let name = profile.map { ScopeName.profile($0) } ?? .everything
    let scope = scope(name)
    let target = ControlRequest(session, id, scope: scope ?? .empty(name), reaskedAt: reaskedAt)
    guard scope != nil else {
      return target.reply(unknownScope(name), requestID: nil, traceID: trace.traceID.description)
    }
    switch method {
    case "capabilities/list": list(.capability, target, wait: params?.member("wait")?.int)
    case "resources/list": list(.resource, target, wait: params?.member("wait")?.int)
    case "prompts/list": list(.prompt, target, wait: params?.member("wait")?.int)
    case "capabilities/describe":
      guard let name = params?.member("id")?.string else {
        let failure = OperationFailure(
          status: 400, code: .invalidArgs, message: "The member id is missing.", reason: "invalid_field")
        return target.reply(failure, requestID: nil, traceID: trace.traceID.description)
      }
      describeCapability(target, name, trace: trace)
    case "tools/call":
      operate(.capability, target, OperationRequest.decode(.capability, params ?? .emptyObject), trace: trace)
    case "resources/read":
      operate(.resource, target, OperationRequest.decode(.resource, params ?? .emptyObject), trace: trace)
    case "prompts/get": operate(.prompt, target, OperationRequest.decode(.prompt, params ?? .emptyObject), trace: trace)
    case "operations/cancel":
      guard let requestID = params?.member("id")?.string else {
        let failure = OperationFailure(
          status: 400, code: .invalidArgs, message: "The member id is missing.", reason: "invalid_field")
        return target.reply(failure, requestID: nil, traceID: trace.traceID.description)
      }
      cancelOperations(target, requestID, trace: trace)
    case "restart":
      restart(target, params?.member("server")?.string, traceID: trace.traceID.description)
    case "reload": Task { await self.reload(session, id) }
    case "logs": logs(session, id, params)
    case "status": Task { await self.status(session, id) }
    case "upgrade": upgrade(session, id, params)
    case "stop":
      var writer = JSONWriter()
      writer.beginObject()
      writer.member("ok", true)
      writer.member("pid", Int(getpid()))
      writer.endObject()
      session.reply(id, status: 200, body: writer.bytes)
      requestStop("asked by pid \(session.pid)")
    default: session.refuse(id, code: MCPErrorCode.methodNotFound, "unknown method \(method)")
    }
  }

  private func status(_ session: ControlSession, _ id: RequestID) async {
    let rows = await supervisor.status()
    // The session may have gone meanwhile; a closed connection ignores what is sent.
    session.reply(id, status: 200, body: StatusDocument.body(daemon: writeDaemon, rows: rows))
  }

  private func writeDaemon(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("pid", Int(getpid()))
    writer.member("version", WarmplaneVersion.current)
    writer.member("config", settings.configurationPath)
    writer.member("socket", settings.socketPath)
    writer.member("http", http.map { "http://\(StatusDocument.host(httpAddress)):\($0.port)" })
    if let httpError { writer.member("http_error", httpError) }
    writer.member("mcp_http", mcpHTTP.ownPort.map { "http://\(StatusDocument.host($0.address)):\($0.server.port)" })
    if let error = mcpHTTP.portError { writer.member("mcp_http_error", error) }
    writer.member("config_changed", settings.hasConfigurationChanged)
    writer.key("clients")
    writer.beginArray()
    for session in (control?.sessions ?? []).sorted(by: { $0.pid < $1.pid }) where session.hasSaidHello {
      writer.beginObject()
      writer.member("kind", session.kind)
      writer.member("name", session.name)
      writer.member("version", session.version)
      writer.member("protocol_era", session.era?.rawValue)
      writer.member("scope", session.scope.text)
      writer.member("exposure", mcp.bridges[ObjectIdentifier(session)]?.view.exposure.rawValue)
      writer.member("in_flight", session.abandons.count)
      writer.endObject()
    }
    writeMCPClients(to: &writer)
    writer.endArray()
    writer.endObject()
  }
}
