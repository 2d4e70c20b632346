import Configuration
import Front
import Glibc
import Platform
import Protocol
import Supervisor
import Telemetry

/// The program `warmplaned`: builds the graph and runs it until it is told to stop.
enum DaemonProgram {
  /// How long running operations may go on after a stop was asked for.
  private static let drainTime = Duration.seconds(2)

  /// Returns the exit code.
  static func run() -> Int32 {
    // First of all, while there is one thread: threads inherit the mask.
    Signals.block([SIGTERM, SIGINT, SIGHUP, SIGCHLD])
    Signals.ignoreBrokenPipes()
    switch DaemonOptions.parse(Array(CommandLine.arguments.dropFirst())) {
    case .failure(let error): return fail(error.text, code: 2)
    case .success(let options) where options.wantsVersion:
      print("warmplaned \(WarmplaneVersion.current)")
      return 0
    case .success(let options): return start(options)
    }
  }

  private static func start(_ options: DaemonOptions) -> Int32 {
    let location: ConfigurationLocation
    let configuration: Configuration
    do {
      location = try ConfigurationLocation.find(flag: options.config)
      configuration = try Configuration.load(path: location.path, strict: options.isStrict)
    } catch let error as ConfigurationFailure {
      write(error.description + "\n", to: 2)
      return 1
    } catch {
      return fail("\(error)")
    }
    guard let realPath = location.realPath else { return fail("\(location.path) vanished while it was read") }
    do {
      var instance = try Instance(configPath: realPath)
      defer { instance.removeSocket() }
      return try serve(options, configuration, realPath, &instance)
    } catch {
      return fail("\(error)")
    }
  }

  private static func serve(
    _ options: DaemonOptions, _ configuration: Configuration, _ path: String, _ instance: inout Instance
  ) throws -> Int32 {
    let loop = try EventLoop()
    let (filter, warning) = LogFilter.fromEnvironment { ProcessEnvironment[$0] }
    let sink = try LogSink()
    let log = Logger("daemon", to: sink, filter: filter)
    if let warning { log.warn(warning) }
    for problem in configuration.warnings { log.warn(problem.rendered(path: path)) }
    let supervisor = try WorkerSupervisor(
      loop: loop, settings: try settings(configuration, instance.paths), log: log.area("supervisor"))
    let front = FrontRouter(
      loop: loop,
      settings: FrontSettings(
        configuration: configuration, configurationPath: path, socketPath: instance.paths.controlSocket),
      supervisor: supervisor, log: log.area("front"))
    let shutdown = Shutdown(loop: loop, front: front, supervisor: supervisor, drainTime: drainTime)
    let signals = try Signals(loop: loop, [SIGTERM, SIGINT, SIGHUP, SIGCHLD]) { signal in
      switch signal {
      case SIGCHLD: supervisor.assumeIsolated { $0.childrenChanged() }
      case SIGTERM, SIGINT: shutdown.assumeIsolated { $0.begin() }
      default: break  // SIGHUP: the terminal went away; a foreground daemon gets SIGINT before that
      }
    }
    let address = configuration.bind
    let port = options.port ?? configuration.port
    do {
      try front.assumeIsolated { try $0.serveHTTP(address: address, port: port) }
    } catch let error as HTTPServerError {
      throw Instance.Failure(description: "cannot listen for HTTP: \(error)")
    }
    let socket = OwnedDescriptorBox(instance.takeSocket())
    try front.assumeIsolated { try $0.serveControl(socket, onStopRequest: { shutdown.assumeIsolated { $0.begin() } }) }
    supervisor.assumeIsolated { $0.boot(delegate: front) }
    loop.run()
    withExtendedLifetime(signals) {}
    _ = sink.flush(timeout: .seconds(1))
    return 0
  }

  private static func settings(
    _ configuration: Configuration, _ paths: InstancePaths
  ) throws(SystemError) -> SupervisorSettings {
    let directory = ExecutablePath.directory(of: try ExecutablePath.own())
    let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    return SupervisorSettings(
      configuration: configuration, paths: paths, programDirectory: directory,
      defaultDirectory: ExecutablePath.workingDirectory, environment: ProcessEnvironment.all,
      startSlots: cores * configuration.daemon.startsPerCore)
  }

  private static func fail(_ message: String, code: Int32 = 1) -> Int32 {
    write("Error: \(message)\n", to: 2)
    return code
  }

  private static func write(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    _ = Glibc.write(descriptor, bytes, bytes.count)
  }
}
