import Foundation
import Glibc
import Testing

/// The units that ship, as far as they can be judged without a systemd that runs; `make test-vm` runs them.
@Suite("units of systemd", .timeLimit(.minutes(5)))
struct ServiceUnitTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("deploy/systemd")
  private static let analyzer = "/usr/bin/systemd-analyze"

  private static func text(_ name: String) throws -> String {
    try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
  }

  /// The values of a key, without comments.
  private static func values(of key: String, in name: String) throws -> [String] {
    try text(name).split(separator: "\n").filter { $0.hasPrefix("\(key)=") }.map { String($0.dropFirst(key.count + 1)) }
  }

  @Test("systemd finds nothing wrong", .enabled(if: access(analyzer, X_OK) == 0), arguments: ["system", "user"])
  func verified(kind: String) throws {
    let workspace = CLIWorkspace()
    var arguments = kind == "user" ? ["--user", "verify"] : ["verify"]
    for name in ["warmplane.service", "warmplane.socket"] {
      // It looks whether the programs exist.
      let unit = try Self.text("\(kind)/\(name)").replacingOccurrences(
        of: "/usr/local/bin/warmplane", with: "/bin/true")
      arguments.append(try workspace.write(unit, to: name))
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.analyzer)
    process.arguments = arguments
    process.environment = ["HOME": workspace.directory, "XDG_RUNTIME_DIR": workspace.directory]
    let pipe = Pipe()
    process.standardError = pipe
    process.standardOutput = pipe
    try process.run()
    let output = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0 && output.isEmpty, "\(output)")
  }

  @Test("what a kept worker needs, and nothing that takes it away", arguments: ["system", "user"])
  func keepsWorkers(kind: String) throws {
    let unit = "\(kind)/warmplane.service"
    for (key, value) in [
      ("Type", "notify"), ("NotifyAccess", "main"), ("KillMode", "process"), ("KillSignal", "SIGTERM"),
      ("RestartKillSignal", "SIGUSR2"), ("Restart", "on-failure"), ("WatchdogSignal", "SIGKILL"),
    ] {
      #expect(try Self.values(of: key, in: unit) == [value], "\(key)")
    }
    for key in ["Delegate", "PrivateTmp", "MemoryDenyWriteExecute", "RestrictNamespaces", "PrivateMounts"] {
      #expect(try Self.values(of: key, in: unit) == [], "\(key)")
    }
    if kind == "system" { #expect(try Self.values(of: "RuntimeDirectoryPreserve", in: unit) == ["restart"]) }
  }

  @Test("the socket unit listens where clients look, and where the daemon would")
  func socketPath() throws {
    // The hash is written down here once more, from the contract (§1.3).
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in "/etc/warmplane/mcp_servers.json".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let directory = "/run/warmplane/\(String(hash, radix: 16))"
    let unit = "system/warmplane.socket"
    #expect(try Self.values(of: "ListenStream", in: unit) == ["\(directory)/control.sock", "127.0.0.1:9090"])
    #expect(try Self.values(of: "ExecStartPre", in: unit).last?.hasSuffix(" \(directory)") == true)
    #expect(try Self.values(of: "SocketMode", in: unit) == ["0660"])
  }
}
