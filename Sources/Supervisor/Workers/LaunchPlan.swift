import Configuration
import Glibc
import Platform
import Protocol

/// What a server's entry says about starting it, with templates expanded: or why it cannot be started.
enum LaunchPlan {
  case stdio(StdioEntry, environment: [String])
  /// One sentence without the server's name.
  case impossible(String)

  init(_ entry: ServerEntry, _ settings: SupervisorSettings) {
    let variables = Dictionary(
      settings.environment.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    let expanded: ServerEntry
    do {
      expanded = try entry.expanded(with: TemplateExpansion { variables[$0] })
    } catch {
      self = .impossible("\(error)")
      return
    }
    switch expanded.transport {
    case .stdio(let stdio):
      self = .stdio(
        stdio,
        environment: UpstreamEnvironment.make(
          inherited: settings.environment, secrets: settings.configuration.secretVariables, entry: stdio.env,
          programDirectory: settings.programDirectory))
    case .http: self = .impossible("it has a url, and this version starts only servers with a command")
    }
  }

  var misconfiguration: String? {
    if case .impossible(let detail) = self { return detail }
    return nil
  }

  /// The frame that starts the upstream; nil when it is impossible.
  func launch(
    _ entry: ServerEntry, _ settings: SupervisorSettings, mark: String, era: ProtocolRevision.Era?
  ) -> UpstreamLaunch? {
    guard case .stdio(let stdio, let environment) = self else { return nil }
    let daemon = settings.configuration.daemon
    let directory = stdio.cwd.map { $0.hasPrefix("/") ? $0 : "\(settings.defaultDirectory)/\($0)" }
    return UpstreamLaunch(
      server: entry.id, fingerprint: entry.fingerprint, mark: mark,
      transport: .stdio(
        StdioLaunch(
          command: stdio.command, arguments: stdio.args, environment: environment,
          directory: directory ?? settings.defaultDirectory)),
      startTimeoutMilliseconds: max(daemon.startSeconds * 1000, settings.configuration.timeoutMs(of: entry)),
      discoverTimeoutMilliseconds: daemon.discoverMs, graceMilliseconds: daemon.stopGraceMs,
      orphanSeconds: daemon.workerOrphanSeconds, era: era)
  }
}
