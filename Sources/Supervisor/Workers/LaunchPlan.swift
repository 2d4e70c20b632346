import Configuration
import Glibc
import Platform
import Protocol

/// What a server's entry says about starting it, with templates expanded: or why it cannot be started.
enum LaunchPlan {
  case stdio(StdioEntry, environment: [String])
  case http(HTTPPlan)
  case impossible(ServerFailure)

  init(_ entry: ServerEntry, _ settings: SupervisorSettings) {
    let variables = Dictionary(
      settings.environment.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    let expanded: ServerEntry
    do {
      expanded = try entry.expanded(with: TemplateExpansion { variables[$0] })
    } catch {
      self = .impossible(ServerFailure("\(error)", code: .configInvalid))
      return
    }
    switch expanded.transport {
    case .stdio(let stdio):
      self = .stdio(
        stdio,
        environment: UpstreamEnvironment.make(
          inherited: settings.environment, secrets: settings.configuration.secretVariables, entry: stdio.env,
          programDirectory: settings.programDirectory))
    case .http(let http):
      do {
        self = .http(try HTTPPlan(http, settings))
      } catch {
        self = .impossible(error)
      }
    }
  }

  /// Why it cannot be started as long as the entry and the daemon's environment are what they are.
  var impossibility: ServerFailure? {
    if case .impossible(let failure) = self { return failure }
    return nil
  }

  /// Whether a person's login gives it credentials.
  var hasLogin: Bool {
    if case .http(let plan) = self { return plan.hasLogin }
    return false
  }

  /// Its key in the credential store; nil when it needs none.
  var storeKey: String? {
    if case .http(let plan) = self { return plan.storeKey }
    return nil
  }

  /// Of everything that a worker is started with and that is kept from one daemon to the next: the entry, and where the
  /// configuration says that the credentials are.
  func fingerprint(of entry: ServerEntry, _ settings: SupervisorSettings) -> String {
    guard storeKey != nil, let path = settings.configuration.authStorePath else { return entry.fingerprint }
    return FNV1a.hex128("\(entry.fingerprint) \(path)".utf8)
  }

  private static func path(of store: CredentialStorePlace?) throws(ServerFailure) -> String {
    switch store {
    case .file(let path)?: return path
    case .none(let reason)?: throw ServerFailure("has no credentials at hand: \(reason)", code: .authStoreUnavailable)
    case nil: fatalError("a server that needs the credential store was started before anybody looked at it")
    }
  }

  /// The frame that starts the upstream. `store` must be known for a server that needs it. Fails while there is no place for the credential store, and when it is
  /// impossible.
  func launch(
    _ entry: ServerEntry, _ settings: SupervisorSettings, store: CredentialStorePlace?, mark: String,
    era: ProtocolRevision.Era?
  ) throws(ServerFailure) -> UpstreamLaunch {
    let transport: UpstreamLaunch.Transport
    switch self {
    case .impossible(let failure): throw failure
    case .stdio(let stdio, let environment):
      let directory = stdio.cwd.map { $0.hasPrefix("/") ? $0 : "\(settings.defaultDirectory)/\($0)" }
      transport = .stdio(
        StdioLaunch(
          command: stdio.command, arguments: stdio.args, environment: environment,
          directory: directory ?? settings.defaultDirectory))
    case .http(let plan):
      transport = .http(plan.launch(storePath: try plan.storeKey == nil ? "" : Self.path(of: store)))
    }
    let daemon = settings.configuration.daemon
    return UpstreamLaunch(
      server: entry.id, fingerprint: fingerprint(of: entry, settings), mark: mark, transport: transport,
      startTimeoutMilliseconds: max(daemon.startSeconds * 1000, settings.configuration.timeoutMs(of: entry)),
      discoverTimeoutMilliseconds: daemon.discoverMs, graceMilliseconds: daemon.stopGraceMs,
      orphanSeconds: daemon.workerOrphanSeconds, era: era)
  }
}
