import Configuration
import Glibc
import Platform
import Telemetry

/// Where the daemon's records go: to standard error in the foreground, to a file of limited size in the background
/// (contract §8.1), and in both cases to the ring that `logs` reads.
struct DaemonLog {
  let ring = LogRing()
  let logger: Logger
  /// Where a daemon in the background writes its records, whether this one does or not.
  let file: String
  /// Nil when the file cannot be had: then the ring is all there is.
  private let sink: LogSink?

  /// In the background, standard error becomes the file as well; without a file it becomes `/dev/null`.
  init(isBackground: Bool, paths: InstancePaths) throws(SystemError) {
    var problem: String?
    file = "\(paths.stateDirectory)/daemon.log"
    if isBackground {
      do {
        try PrivateDirectory.make(paths.stateDirectory)
        let file = try RotatingLogFile(path: self.file, takesStandardError: true)
        sink = try LogSink(file: file)
      } catch {
        sink = nil
        problem = "\(error)"
        let null = try OwnedDescriptor.open("/dev/null", O_WRONLY)
        dup2(null.number, STDERR_FILENO)
      }
    } else {
      sink = try LogSink(hasPriorities: StandardError.leadsToJournal)
    }
    let (filter, warning) = LogFilter.fromEnvironment { ProcessEnvironment[$0] }
    // The ring first: who reads file and ring must not find in the file what the ring does not have yet.
    let destinations: [any LogDestination] = [ring] + (sink.map { [$0] } ?? [])
    logger = Logger("daemon", to: LogTee(destinations), filter: filter)
    if let warning { logger.warn(warning) }
    if let problem { logger.warn("the log is not written to a file", [LogField("detail", problem)]) }
  }

  /// Waits a moment for what is not written yet; for the end of the process.
  func flush() { _ = sink?.flush(timeout: .seconds(1)) }
}
