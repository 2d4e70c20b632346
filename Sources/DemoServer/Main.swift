import Glibc
import StdioServer

/// `warmplane-demo-server`: a small MCP server on stdin and stdout, to try warmplane without a network.
@main
enum Main {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    if arguments.isEmpty {
      DemoServer().run()
    } else if arguments == ["--help"] {
      print(
        "usage: warmplane-demo-server\nAn MCP server on stdin and stdout, for trying things out. It has no options.")
    } else {
      StdioLoop.complain("warmplane-demo-server: no arguments expected (see --help)")
      exit(2)
    }
  }
}
