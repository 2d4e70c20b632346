import Glibc
import Platform
import Protocol

/// From the process's arguments to its exit code.
enum Program {
  static func run() -> ExitCode {
    let invocation: Invocation
    do {
      invocation = try ArgumentTable.warmplane.parse(try ProcessArguments.read())
    } catch {
      Console.error(error.rendered)
      return .usage
    }
    switch invocation {
    case .help(let topic):
      return Console.output(HelpText.text(for: topic, of: .warmplane, style: .standardOutput))
    case .version:
      return Console.output("warmplane \(WarmplaneVersion.current)\n")
    case .incomplete(let topic):
      Console.error(HelpText.text(for: topic, of: .warmplane, style: .standardError))
      return .usage
    case .command(let arguments):
      Interruption.exitOnInterrupt()
      CoreFiles.forbid()
      do {
        return try arguments.command.run(arguments)
      } catch {
        Console.error(error.rendered)
        return error.code
      }
    }
  }
}
