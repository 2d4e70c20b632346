import Configuration
import Front
import Glibc
import Platform
import Protocol
import Store
import Supervisor
import Telemetry

/// The program `warmplaned`: builds the graph and runs it until it is told to stop.
enum DaemonProgram {
  /// How long running operations may go on after a stop was asked for.
  private static let drainTime = Duration.seconds(2)

  /// Returns the exit code.
  static func run() -> Int32 {
    // First of all, while there is one thread: threads inherit the mask.
    Signals.block([SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR2])
    Signals.ignoreBrokenPipes()
    CoreFiles.forbid()
    StandardDescriptors.ensureOpen()
    switch DaemonOptions.parse(Array(CommandLine.arguments.dropFirst())) {
    case .failure(let error): return fail(error.text, code: 2)
    case .success(let options) where options.wantsVersion:
      print("warmplaned \(WarmplaneVersion.current)")
      return 0
    case .success(let options):
      let inherited = InheritedDescriptors.take()
      // Who started the program before us has had its word.
      var starter = StarterPipe(isExpected: options.isBackground && inherited == nil)
      do throws(ServiceEnvironment.Failure) {
        let manager = try ServiceManager.take(isBackground: options.isBackground, isSuccessor: inherited != nil)
        return start(options, inherited, manager, &starter)
      } catch {
        return fail(error.description)
      }
    }
  }

  private static func start(
    _ options: DaemonOptions, _ inherited: InheritedDescriptors?, _ manager: ServiceManager,
    _ starter: inout StarterPipe
  ) -> Int32 {
    let location: ConfigurationLocation
    let configuration: Configuration
    do {
      location = try ConfigurationLocation.find(flag: options.config)
      configuration = try Configuration.load(path: location.path, strict: options.isStrict)
    } catch let error as ConfigurationFailure {
      StandardError.write(error.description)
      return 1
    } catch {
      return fail("\(error)")
    }
    if let objection = options.mcp.objections(in: configuration).first { return fail(objection) }
    guard let realPath = location.realPath else { return fail("\(location.path) vanished while it was read") }
    do {
      var instance = try Instance(
        configPath: realPath, isPatient: options.isBackground, inherited: inherited, passed: manager.sockets)
      defer { instance.removeSocket() }
      return try serve(options, configuration, realPath, &instance, inherited, manager, &starter)
    } catch Instance.Failure.occupied where options.isBackground {
      // Two commands started a daemon at the same time, and this one is not needed.
      starter.say(.occupied)
      return 0
    } catch {
      return starter.fail("\(error)") ? 1 : fail("\(error)")
    }
  }

  private static func serve(
    _ options: DaemonOptions, _ configuration: Configuration, _ path: String, _ instance: inout Instance,
    _ inherited: InheritedDescriptors?, _ manager: ServiceManager, _ starter: inout StarterPipe
  ) throws -> Int32 {
    let loop = try EventLoop()
    // Upstreams of a daemon that a command started begin beside the config file, wherever that command was run.
    if options.isBackground, chdir(ExecutablePath.directory(of: path)) != 0 {
      throw SystemError("chdir", subject: path)
    }
    let supervisorSettings = try settings(configuration, path, instance.paths)
    let records = try DaemonLog(isBackground: options.isBackground, paths: instance.paths)
    let log = records.logger
    for problem in configuration.warnings { log.warn(problem.rendered(path: path)) }
    for warning in options.mcp.warnings(in: configuration) { log.warn(warning) }
    let supervisor = try WorkerSupervisor(loop: loop, settings: supervisorSettings, log: log.area("supervisor"))
    let store = try Store(directory: instance.paths.stateDirectory) { report in
      log.area("store").warn(
        "stored state", [LogField("kind", "\(report.kind)"), LogField("detail", report.description)])
    }
    let front = try FrontRouter(
      loop: loop,
      settings: FrontSettings(
        configuration: configuration, configurationPath: path, socketPath: instance.paths.controlSocket,
        program: try ExecutablePath.own(), isStrict: options.isStrict),
      supervisor: supervisor, keeper: StoreKeeper(store: store), log: log.area("front"))
    let traces = TraceExport(loop: loop, log: log.area("telemetry"))
    let report = ServiceReport(
      loop: loop, environment: manager.environment, supervisor: supervisor, log: log.area("service"))
    let shutdown = Shutdown(
      loop: loop, front: front, supervisor: supervisor, traces: traces, report: LoopBound(report), log: log,
      managedMarks: instance.managedMarks, drainTime: drainTime)
    let signals = try Signals(loop: loop, [SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR2]) { signal in
      switch signal {
      case SIGUSR2: shutdown.assumeIsolated { $0.handOver("SIGUSR2") }
      case SIGCHLD: supervisor.assumeIsolated { $0.childrenChanged() }
      case SIGTERM, SIGINT: shutdown.assumeIsolated { $0.begin(signal == SIGTERM ? "SIGTERM" : "SIGINT") }
      default: front.assumeIsolated { $0.reloadAtSignal() }  // SIGHUP
      }
    }
    let port = options.port ?? configuration.port
    let httpSocket = try inherited?.http ?? manager.httpSocket(address: configuration.bind, port: port)
    try serveHTTP(front, address: configuration.bind, port: port, options, inherited: httpSocket)
    try serveMCP(front, options, inherited: inherited?.mcp)
    let observer = LoopBound<any FrontObserver>(report)
    let socket = OwnedDescriptorBox(instance.takeSocket())
    try front.assumeIsolated { front in
      front.restoreCatalog()
      front.restoreRecords()
      front.keepSessions(with: StoreKeeper(store: store))
      front.serveLogs(of: records.ring, file: records.file)
      if let traces { front.recordSpans(with: traces.recorder) }
      try front.serveControl(
        socket, rule: instance.paths.isSystemService ? .anyone : .own,
        onStopRequest: { reason in shutdown.assumeIsolated { $0.begin(reason) } },
        onUpgradeRequest: { program in
          shutdown.assumeIsolated { $0.handOver(to: program, "upgrade to \(program)") }
        })
      front.report(to: observer)
      if options.isBackground { front.endWhenIdle() }
    }
    supervisor.assumeIsolated { $0.boot(delegate: front) }
    starter.say(.ready)
    log.info(
      "daemon started",
      [
        LogField("version", WarmplaneVersion.current), LogField("pid", Int(getpid())), LogField("config", path),
        LogField("socket", instance.paths.controlSocket),
      ])
    instance.mark(isManaged: manager.environment.isManaged)
    report.ready()
    loop.run()
    withExtendedLifetime(signals) {}
    log.info(
      "daemon stopped",
      [LogField("pid", Int(getpid())), LogField("reason", shutdown.assumeIsolated { $0.reason })])
    _ = store.close(timeout: .seconds(2))
    records.flush()
    if case .become(let program, let control, let sockets) = shutdown.assumeIsolated({ $0.sequel }) {
      let error = instance.become(program, control: control, sockets)
      log.error("the new program could not be started", [LogField("detail", "\(error)")])
      records.flush()
      return 1
    }
    return 0
  }

  /// A daemon in the background is useful without HTTP, and one that is there for MCP's own port without `/v1`; else a busy
  /// port is an error (contract §1.3).
  private static func serveHTTP(
    _ front: FrontRouter, address: String, port: Int, _ options: DaemonOptions, inherited: Int32?
  ) throws {
    do {
      try front.assumeIsolated { try $0.serveHTTP(address: address, port: port, inherited: inherited) }
    } catch let error as HTTPServerError {
      guard options.isBackground || options.mcp.isGiven else {
        throw Instance.Failure.other("cannot listen for HTTP: \(error)")
      }
      front.assumeIsolated { $0.goOnWithoutHTTP("\(error)") }
    }
  }

  /// MCP on a port of its own, if there is to be one.
  private static func serveMCP(_ front: FrontRouter, _ options: DaemonOptions, inherited: Int32?) throws {
    do {
      try front.assumeIsolated { try $0.serveMCP(options.mcp, inherited: inherited) }
    } catch let error as HTTPServerError {
      guard options.isBackground else { throw Instance.Failure.other("cannot listen for MCP over HTTP: \(error)") }
      front.assumeIsolated { $0.goOnWithoutMCPPort("\(error)") }
    }
  }

  private static func settings(
    _ configuration: Configuration, _ path: String, _ paths: InstancePaths
  ) throws(SystemError) -> SupervisorSettings {
    let directory = ExecutablePath.directory(of: try ExecutablePath.own())
    let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    return SupervisorSettings(
      configuration: configuration, paths: paths, programDirectory: directory,
      defaultDirectory: ExecutablePath.workingDirectory, configurationDirectory: ExecutablePath.directory(of: path),
      environment: ProcessEnvironment.all, startSlots: cores * configuration.daemon.startsPerCore,
      credentialStore: { CredentialStoreLook.state(of: $0, in: ExecutablePath.directory(of: path)) })
  }

  private static func fail(_ message: String, code: Int32 = 1) -> Int32 {
    StandardError.write("Error: \(message)")
    return code
  }
}
