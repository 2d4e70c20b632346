import Foundation
import Glibc
import Testing

/// A daemon that runs as a service of the machine, with a user of its own (contract §1.3): the members of its group are
/// its clients. In a mount namespace with a `/run` of its own; only root can have one.
@Suite("system service", .timeLimit(.minutes(5)))
struct SystemServiceTests {
  private static let isPossible =
    geteuid() == 0
    && system("unshare -m setpriv --reuid=65534 --clear-groups '\(CLIProgram.path)' --version >/dev/null 2>&1") == 0

  /// `$0` is the directory of the test, `$1` the program. Each line of the output is a step and how it went.
  private static let script = """
    cd "$0" && mount --make-rprivate / && mount -t tmpfs none /run || exit 9
    mkdir /run/warmplane home run state && chown 65534:65534 /run/warmplane home state && chown 12345 run || exit 9
    service() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
    member() { XDG_RUNTIME_DIR="$PWD/run" setpriv --reuid=12345 --regid=12345 --groups=65534 "$@"; }
    other() { XDG_RUNTIME_DIR="$PWD/run" setpriv --reuid=12345 --regid=12345 --clear-groups "$@"; }
    service env HOME="$PWD/home" XDG_STATE_HOME="$PWD/state" RUNTIME_DIRECTORY=/run/warmplane \\
      "$1" daemon -p 0 --config mcp_servers.json 2>daemon.log &
    daemon=$!
    trap 'kill $daemon 2>/dev/null; wait' EXIT
    for step in $(seq 1000); do [ -S /run/warmplane/*/control.sock ] && break; sleep 0.01; done
    stat -c 'mode %a of %u %g' /run/warmplane/* /run/warmplane/*/control.sock
    member "$1" call-capability demo.add --params '{"a":19,"b":23}' --no-start --config mcp_servers.json
    echo "member $?"
    other "$1" status --config mcp_servers.json; echo "other $?"
    # Somebody who may write beside the socket could be anybody.
    chmod 777 /run/warmplane
    member "$1" status --config mcp_servers.json; echo "open $?"
    chmod 755 /run/warmplane
    member "$1" stop --config mcp_servers.json; echo "stop $?"
    wait $daemon; echo "daemon $?"
    """

  @Test("members of its group use it, others do not, and nobody trusts an open directory", .enabled(if: isPossible))
  func group() async throws {
    let workspace = CLIWorkspace()
    chmod(workspace.directory, 0o755)
    try workspace.write(DaemonConfig(servers: [.demo("demo")]).text, to: "mcp_servers.json")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
    process.arguments = ["-m", "/bin/sh", "-c", Self.script, workspace.directory, CLIProgram.path]
    process.environment = ["HOME": workspace.directory, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
    process.currentDirectoryURL = URL(fileURLWithPath: workspace.directory)
    let output = try workspace.write("", to: "output")
    let errors = try workspace.write("", to: "errors")
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle(forWritingAtPath: errors)
    let (ends, continuation) = AsyncStream.makeStream(of: Void.self)
    process.terminationHandler = { _ in continuation.finish() }
    try process.run()
    for await _ in ends {}
    func text(_ path: String) -> String {
      String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
    let lines = text(output).split(separator: "\n")
    let log: Comment = "\(text(output)) \(text(errors)) \(text("\(workspace.directory)/daemon.log"))"
    #expect(lines.prefix(2) == ["mode 750 of 65534 65534", "mode 660 of 65534 65534"], log)
    #expect(lines.contains { $0.hasPrefix(#"{"ok":true"#) && $0.contains(#""text":"42""#) }, log)
    for step in ["member 0", "other 3", "stop 0", "daemon 0"] { #expect(lines.contains(Substring(step)), log) }
    #expect(lines.contains("open 1") || lines.contains("open 3"), log)
    #expect(text(errors).contains("Permission denied"), log)
  }
}
