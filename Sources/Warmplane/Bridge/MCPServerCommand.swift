import Glibc
import Platform

/// `mcp-server`: the bridge between an MCP client and the daemon (contract §1.6).
enum MCPServerCommand {
  static func run(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let attachment = try BridgeAttachment(arguments)
    let socket = try attachment.connect(mayStart: true).get()
    Signals.ignoreBrokenPipes()
    // The bridge makes its output non-blocking; a terminal shares that with the shell.
    let mode = fcntl(STDOUT_FILENO, F_GETFL)
    // The number stays ours whatever the bridge closes, so that the mode can be given back.
    let output = dup(STDOUT_FILENO)
    defer { if output >= 0, mode >= 0 { _ = fcntl(output, F_SETFL, mode) } }
    let (code, failure): (ExitCode, CommandFailure?)
    do {
      let loop = try EventLoop()
      let bridge = try Bridge(loop: loop, attachment: attachment)
      try bridge.assumeIsolated { try $0.start(socket: socket) }
      loop.run()
      (code, failure) = bridge.assumeIsolated { ($0.exitCode, $0.failure) }
    } catch {
      throw CommandFailure("cannot serve standard input and output", causes: ["\(error)"])
    }
    if let failure { throw failure }
    return code
  }
}
