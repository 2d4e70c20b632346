import Configuration
import Platform
import Protocol
import Supervisor
import Telemetry

/// `reload` and `restart`.
extension FrontRouter {
  private enum ReloadResult {
    /// The body of the answer.
    case applied([UInt8])
    case invalid(ConfigurationFailure)
    /// The file could not be read: too much waits to be read.
    case busy
  }

  /// Reads the configuration anew and applies it, for whoever asked.
  func reload(_ session: ControlSession, _ id: RequestID) async {
    switch await reload() {
    case .applied(let body): session.reply(id, status: 200, body: body)
    case .invalid(let failure): session.reply(id, status: 400, body: Self.body(of: failure))
    case .busy: session.refuse(id, code: MCPErrorCode.internalError, "too many requests to read files")
    }
  }

  /// The same for a signal: what became of it is in the log, and told to the observer. Returns at once.
  package func reloadAtSignal() {
    guard !isStopping else { return }
    Task { await self.reload() }
  }

  /// A bad configuration changes nothing.
  @discardableResult
  private func reload() async -> ReloadResult {
    let (path, isStrict) = (settings.configurationPath, settings.isStrict)
    observer?.reloadBegan()
    let result = await files.run { () -> Result<Configuration, ConfigurationFailure> in
      do throws(ConfigurationFailure) {
        return .success(try Configuration.load(path: path, strict: isStrict))
      } catch {
        return .failure(error)
      }
    }
    switch result {
    case .success(let configuration):
      let body = apply(configuration)
      observer?.reloadEnded(problem: nil)
      return .applied(body)
    case .failure(let failure):
      let problems = failure.problems
      let first = problems.first?.rendered(path: path) ?? "\(failure)"
      log.warn("configuration not reloaded", [LogField("problems", problems.count), LogField("detail", first)])
      observer?.reloadEnded(problem: first)
      return .invalid(failure)
    case nil:
      observer?.reloadEnded(problem: "too many requests to read files")
      return .busy
    }
  }

  /// Aliases, policy and timeouts count at once; servers whose entry changed restart; the rest is not touched.
  private func apply(_ configuration: Configuration) -> [UInt8] {
    settings.apply(configuration)
    scopes = [:]
    policy = Policy(configuration.policy)
    redaction = Redaction(keys: configuration.policy.redactKeys)
    makeHTTPFront()
    idleWatch?.limit = IdleWatch.limit(configuration)
    let change = supervisor.assumeIsolated { $0.apply(configuration) }
    rescopeViews()
    catalog.configure(configuration, forgetting: change.removed + change.changed)
    interests.reconfigured()
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
    return Self.body(of: change, warnings + settleMCPPlaces())
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
