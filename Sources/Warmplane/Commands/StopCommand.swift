import Client
import Glibc
import Platform
import Protocol

/// `stop`: ends the daemon and waits until its process is gone.
enum StopCommand {
  /// Longer than the daemon may take: it gives running calls and upstreams a bounded time.
  private static let patienceSeconds = 30

  static func run(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let client = try DaemonLocator.control(arguments)
    let pid = client.identity?.pid ?? client.peer.pid
    // Taken while the connection shows that the process is there: afterwards the number could be somebody else's.
    let process: ForeignProcess
    do {
      process = try ForeignProcess(pid: pid)
    } catch {
      throw CommandFailure("cannot watch the daemon (pid \(pid))", causes: [error.description])
    }
    do {
      let answer = try client.answer(to: "stop")
      guard answer.isSuccess else {
        _ = Console.output(AnswerText.bytes(answer.body, form: nil, style: .standardOutput))
        return .failure
      }
    } catch .connectionLost {
      // It ended before its answer was out, or somebody else stopped it at the same time. The end is what counts.
    } catch {
      throw CommandFailure(error)
    }
    let indicator = WaitIndicator("Waiting for the end of the daemon …")
    defer { indicator.clear() }
    let start = MonotonicTime.now
    while !process.waitForEnd(atMost: .milliseconds(200)) {
      let time = MonotonicTime.now - start
      if time > .seconds(patienceSeconds) {
        throw CommandFailure("the daemon (pid \(pid)) still runs after \(patienceSeconds) s")
      }
      indicator.update(time)
    }
    indicator.clear()
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("ok", true)
    writer.member("pid", Int(pid))
    writer.endObject()
    return Console.output(writer.finish() + [0x0A])
  }
}
