import Configuration
import Glibc
import Platform

/// `daemon` and `mcp-http-server`: become `warmplaned`, the program that is installed beside this one.
enum DaemonCommand {
  static func run(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    try become(arguments, arguments.value(of: .daemonPort).map { ["--port", $0] } ?? [])
  }

  static func runMCP(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    var words = ["--mcp"]
    if let port = arguments.value(of: .mcpPort) { words += ["--mcp-port", port] }
    if let address = arguments.value(of: .mcpBind) { words += ["--mcp-bind", address] }
    if let profile = arguments.value(of: .mcpProfile) { words += ["--mcp-profile", profile] }
    return try become(arguments, words)
  }

  private static func become(_ arguments: ParsedArguments, _ more: [String]) throws(CommandFailure) -> ExitCode {
    let location: ConfigurationLocation
    do {
      location = try ConfigurationLocation.find(flag: arguments.value(of: .config))
    } catch {
      throw CommandFailure(error.description)
    }
    let program = try siblingPath("warmplaned")
    var words = [program, "--config", location.path] + more
    if arguments.has(.strict) { words.append("--strict") }
    // The daemon has its own idea of Ctrl-C; exec would keep an ignored signal, and it resets a handler.
    var vector = words.map { strdup($0) } + [nil]
    defer { for pointer in vector { free(pointer) } }
    execv(program, &vector)
    let error = SystemError("execv")
    let installation = error.code == ENOENT ? "; it belongs beside the program warmplane" : ""
    throw CommandFailure("cannot start the daemon: \(program)\(installation)", causes: [error.reason])
  }

  /// The path of another program of the package: they are installed side by side.
  private static func siblingPath(_ name: String) throws(CommandFailure) -> String {
    guard let resolved = realpath("/proc/self/exe", nil) else {
      throw CommandFailure(
        "cannot find out where this program is installed", causes: [SystemError("realpath /proc/self/exe").description])
    }
    defer { free(resolved) }
    let own = String(cString: resolved)
    return own[...(own.lastIndex(of: "/") ?? own.startIndex)] + name
  }
}
