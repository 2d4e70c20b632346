import Configuration
import Platform
import Protocol
import Supervisor
import Telemetry

/// `reload` and `restart`.
extension FrontRouter {
  /// Reads the configuration anew and applies it; a bad one changes nothing.
  func reload(_ session: ControlSession, _ id: RequestID) async {
    let (path, isStrict) = (settings.configurationPath, settings.isStrict)
    let result = await files.run { () -> Result<Configuration, ConfigurationFailure> in
      do throws(ConfigurationFailure) {
        return .success(try Configuration.load(path: path, strict: isStrict))
      } catch {
        return .failure(error)
      }
    }
    switch result {
    case .success(let configuration): session.reply(id, status: 200, body: apply(configuration))
    case .failure(let failure): session.reply(id, status: 400, body: Self.body(of: failure))
    case nil: session.refuse(id, code: MCPErrorCode.internalError, "too many requests to read files")
    }
  }

  /// Aliases, policy and timeouts count at once; servers whose entry changed restart; the rest is not touched.
  private func apply(_ configuration: Configuration) -> [UInt8] {
    settings.apply(configuration)
    policy = Policy(configuration.policy)
    redaction = Redaction(keys: configuration.policy.redactKeys)
    makeHTTPFront()
    idleWatch?.limit = IdleWatch.limit(configuration)
    let change = supervisor.assumeIsolated { $0.apply(configuration) }
    catalog.configure(configuration, forgetting: change.removed + change.changed)
    catalogMayHaveChanged()
    forgetRemovedServers()
    log.info(
      "configuration reloaded",
      [
        LogField("added", change.added.joined(separator: ",")),
        LogField("removed", change.removed.joined(separator: ",")),
        LogField("changed", change.changed.joined(separator: ",")),
      ])
    var warnings = configuration.warnings.map { $0.rendered(path: settings.configurationPath) }
    for (name, isChanged) in [
      ("port", settings.opened.port != configuration.port), ("bind", settings.opened.bind != configuration.bind),
      ("maxBodyBytes", settings.opened.maxBodyBytes != configuration.maxBodyBytes),
    ] where isChanged {
      warnings.append("\(name) has changed and counts from the next start of the daemon on")
    }
    return Self.body(of: change, warnings)
  }

  private static func body(of change: ConfigurationChange, _ warnings: [String]) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("ok", true)
    writer.member("added", strings: change.added)
    writer.member("removed", strings: change.removed)
    writer.member("changed", strings: change.changed)
    if !warnings.isEmpty { writer.member("warnings", strings: warnings) }
    writer.endObject()
    return writer.bytes
  }

  private static func body(of failure: ConfigurationFailure) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("ok", false)
    writer.key("problems")
    writer.beginArray()
    for problem in failure.problems { problem.write(to: &writer) }
    writer.endArray()
    writer.endObject()
    return writer.bytes
  }

  func restart(_ target: any ReplyTarget, _ server: String?, traceID: String) {
    guard let server else {
      let failure = OperationFailure(
        status: 400, code: .invalidArgs, message: "The member server is missing.", reason: "invalid_field")
      return target.reply(failure, traceID: traceID)
    }
    switch supervisor.assumeIsolated({ $0.restart(server) }) {
    case .restarting:
      var writer = JSONWriter()
      writer.beginObject()
      writer.member("ok", true)
      writer.member("server", server)
      writer.endObject()
      target.reply(status: 200, body: writer.bytes)
    case .unknownServer:
      let known = settings.configuration.servers.map(\.id)
      let hint = FailureHint(didYouMean: IDSuggestions.nearest(to: server, among: known), actor: .operator)
      let failure = OperationFailure(
        status: 404, code: .invalidArgs, message: "Server \"\(server)\" is not in the configuration of this daemon.",
        reason: "unknown_server", hint: hint)
      target.reply(failure, traceID: traceID)
    case .impossible(let code, let message):
      target.reply(FailureMapping.unavailable(code, message), traceID: traceID)
    }
  }
}
