import Glibc
import StdioServer

/// `warmplane-fake-upstream`: an MCP server that misbehaves on command. For tests only.
@main
enum Main {
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if arguments == ["--help"] {
      print(FakeFlag.help)
    } else if let first = arguments.first, let role = Escape.Role(rawValue: first), arguments.count == 2 {
      Escape.run(role, file: arguments[1])
    } else {
      do {
        exit(FakeServer(try FakeOptions(parsing: arguments)).run())
      } catch {
        StdioLoop.complain("warmplane-fake-upstream: \(error.message)")
        exit(2)
      }
    }
  }
}
