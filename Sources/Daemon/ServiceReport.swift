import Front
import Platform
import Supervisor
import Telemetry

/// Tells the service manager how the daemon is. Without one that wants to know it does nothing. Loop-confined.
final class ServiceReport: FrontObserver {
  private let supervisor: WorkerSupervisor
  private var notifier: ServiceNotifier?
  private var isReady = false
  private var isEnding = false
  /// Reads of the configuration that have not ended.
  private var reloads = 0
  /// Why the last one was not applied.
  private var problem: String?
  private var phase = ""

  init(loop: EventLoop, environment: ServiceEnvironment, supervisor: WorkerSupervisor, log: Logger) {
    self.supervisor = supervisor
    guard let name = environment.notifySocket else { return }
    do throws(SystemError) {
      notifier = try ServiceNotifier(loop: loop, name: name, watchdog: environment.watchdog) { [unowned self] in text }
    } catch {
      log.warn("the service manager cannot be told that the daemon is ready", [LogField("detail", "\(error)")])
    }
  }

  /// The daemon accepts connections, on every socket that it is to have.
  func ready() {
    isReady = true
    notifier?.tell(.ready)
  }

  /// It ends.
  func stops() {
    isEnding = true
    phase = "stopping; "
    notifier?.tell(.stopping)
  }

  /// Another program takes its place in the same process, and will be ready.
  func givesWay() {
    isEnding = true
    phase = "being replaced; "
    notifier?.tell(.reloading)
  }

  // MARK: FrontObserver

  func readinessChanged() {
    if isReady { notifier?.textMayHaveChanged() }
  }

  func reloadBegan() {
    reloads += 1
    if reloads == 1, !isEnding { notifier?.tell(.reloading) }
  }

  func reloadEnded(problem: String?) {
    self.problem = problem
    reloads -= 1
    if reloads == 0, !isEnding { notifier?.tell(.ready) }
  }

  private var text: String {
    let servers = supervisor.assumeIsolated { $0.summary.text }
    return phase + servers + (problem.map { "; configuration not reloaded: \($0)" } ?? "")
  }
}
