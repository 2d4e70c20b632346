import Configuration
import Glibc
import Platform
import Telemetry

/// Where the daemon's records go: to standard error in the foreground, to a file of limited size in the background
/// (contract §8.1), and in both cases to the ring that `logs` reads.
struct DaemonLog {
  let ring = LogRing()
  let logger: Logger
  /// Nil when the file cannot be had: then the ring is all there is.
  private let sink: LogSink?

  /// In the background, standard error becomes the file as well; without a file it becomes `/dev/null`.
  init(isBackground: Bool, paths: InstancePaths) throws(SystemError) {
    var problem: String?
    if isBackground {
      do {
        try PrivateDirectory.make(paths.stateDirectory)
        let file = try RotatingLogFile(path: "\(paths.stateDirectory)/daemon.log", takesStandardError: true)
        sink = try LogSink(file: file)
      } catch {
        sink = nil
        problem = "\(error)"
        let null = try OwnedDescriptor.open("/dev/null", O_WRONLY)
        dup2(null.number, STDERR_FILENO)
      }
    } else {
      sink = try LogSink()
    }
    let (filter, warning) = LogFilter.fromEnvironment { ProcessEnvironment[$0] }
    let destinations: [any LogDestination] = (sink.map { [$0] } ?? []) + [ring]
    logger = Logger("daemon", to: LogTee(destinations), filter: filter)
    if let warning { logger.warn(warning) }
    if let problem { logger.warn("the log is not written to a file", [LogField("detail", problem)]) }
  }

  /// Waits a moment for what is not written yet; for the end of the process.
  func flush() { _ = sink?.flush(timeout: .seconds(1)) }
}
