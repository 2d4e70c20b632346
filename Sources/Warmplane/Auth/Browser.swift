import Glibc
import Platform
import Protocol

/// A web browser that shows one page. Loop-confined; keep it while its failure is of interest.
final class Browser {
  /// The program that knows the person's browser (freedesktop.org).
  private static let opener = "xdg-open"

  private let process: ChildProcess

  /// Why none was started.
  struct Failure: Error, CustomStringConvertible { let description: String }

  /// Starts the opener, without a shell: the address is one argument, whatever is in it. `onFailure` is called when it
  /// ends with an error.
  static func open(
    _ url: HTTPURL, loop: EventLoop, withholding secretVariables: Set<String>, onFailure: @escaping () -> Void
  ) throws(Failure) -> Browser {
    // Nothing else may come to a browser out of a document of somebody else's.
    guard url.isSecure || url.origin.isLoopback else { throw Failure(description: "the address is not https") }
    guard let program = find(opener) else { throw Failure(description: "there is no \(opener)") }
    do {
      let environment = ProcessEnvironment.all.filter { !secretVariables.contains($0.name) }
        .map { "\($0.name)=\($0.value)" }
      let plan = SpawnPlan(program: program, arguments: [opener, url.description], environment: environment)
      let process = try ChildProcess(loop: loop, reaper: try Reaper(adoptsOrphans: false), plan: plan)
      return Browser(process, onFailure)
    } catch {
      throw Failure(description: "\(error)")
    }
  }

  private init(_ process: ChildProcess, _ onFailure: @escaping () -> Void) {
    self.process = process
    process.onExit = { status in
      if status != .exited(code: 0) { onFailure() }
    }
  }

  /// The first program of that name in `PATH`.
  private static func find(_ name: String) -> String? {
    let path = ProcessEnvironment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    for directory in path.split(separator: ":") {
      let candidate = "\(directory)/\(name)"
      var information = stat()
      guard access(candidate, X_OK) == 0, stat(candidate, &information) == 0,
        information.st_mode & S_IFMT == S_IFREG
      else { continue }
      return candidate
    }
    return nil
  }
}
