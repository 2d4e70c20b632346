import Foundation
import Glibc
import Protocol
import Testing

/// The state directory damaged, read-only, missing or full: the daemon runs and says so, and nothing is lost that was
/// not lost already.
@Suite("state directory", .timeLimit(.minutes(5)))
struct CatalogStateTests {
  private static let config = DaemonConfig(
    servers: [.switched("s", "--resources 1", then: "--on-initialize silent")], members: ["listWaitMs": "20000"])

  private static func brokenFiles(_ daemon: DaemonFixture) -> [String] {
    let directory = URL(fileURLWithPath: daemon.stateFile).deletingLastPathComponent().path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.filter { $0.hasPrefix("state.db.broken-") }
  }

  @Test("a damaged file is set aside, kept, and replaced by a good one")
  func damaged() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "s")
      let before = try daemon.http().list().entries
      #expect(try daemon.stop() == .code(0))
      #expect(FileManager.default.fileExists(atPath: daemon.stateFile), "\(daemon.stateFile)")
      for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: daemon.stateFile + suffix) }
      let garbage = Data("this is no database".utf8) + Data(count: 10_000)
      try garbage.write(to: URL(fileURLWithPath: daemon.stateFile))
      try daemon.start()
      try daemon.waitForLog("stored state") { $0.member("kind")?.string == "setAside" }
      try daemon.wait(for: "s")
      #expect(try daemon.http().list().entries == before)
      let broken = Self.brokenFiles(daemon)
      #expect(broken.count == 1)
      let kept = "\(URL(fileURLWithPath: daemon.stateFile).deletingLastPathComponent().path)/\(broken.first ?? "")"
      #expect(FileManager.default.contents(atPath: kept) == garbage)
      // The new file serves the next daemon.
      #expect(try daemon.stop() == .code(0))
      try daemon.turnSwitch("s")
      try daemon.start()
      #expect(try daemon.http().list().entries == before)
      #expect(try daemon.log("stored state").isEmpty)
    }
  }

  @Test("without a place for state the daemon runs and says so once", arguments: ["/sys/warmplane", "/dev/null/x"])
  func nowhere(path: String) async throws {
    try await DaemonFixture.run(Self.config, environment: ["XDG_STATE_HOME": path]) { daemon in
      try daemon.wait(for: "s")
      let http = try daemon.http()
      #expect(try http.call("s.echo").status == 200)
      #expect(try http.list("resources").ids.count == 1)
      let record = try daemon.waitForLog("stored state")
      #expect(record.member("detail")?.string?.contains(path) == true)
      #expect(try http.call("s.add_tool", #"{"name":"more"}"#).status == 200)
      try daemon.eventually("the new tool is listed") { try http.list().ids.contains("s.more") ? true : nil }
      #expect(try daemon.log("stored state").count == 1)
      #expect(try daemon.stop() == .code(0))
    }
  }

  @Test("a file that turned into a directory costs nothing but what it held")
  func directory() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "s")
      #expect(try daemon.stop() == .code(0))
      try FileManager.default.removeItem(atPath: daemon.stateFile)
      for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: daemon.stateFile + suffix) }
      try FileManager.default.createDirectory(atPath: daemon.stateFile, withIntermediateDirectories: false)
      try daemon.start()
      try daemon.waitForLog("stored state")
      try daemon.wait(for: "s")
      #expect(try daemon.http().list().ids.contains("s.echo"))
    }
  }

  private static let canMount = system("unshare -m true 2>/dev/null") == 0

  @Test("on a full disk the daemon runs, says so once, and serves everything", .enabled(if: canMount))
  func full() async throws {
    let config = DaemonConfig(servers: [.fake("s", "--long-line", "400000", "--resources", "1")])
    try await DaemonFixture.run(config, isStarted: false) { daemon in
      let log = "\(daemon.directory)/full.log"
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
      // The small disk exists for this daemon only, and ends with it.
      process.arguments = [
        "-m", "/bin/sh", "-c",
        """
        mount --make-rprivate / && mkdir "$0/state" && mount -t tmpfs -o size=128k none "$0/state" || exit 9
        exec "$1" daemon -p 0 --config "$0/mcp_servers.json" 2>"$0/full.log"
        """,
        daemon.directory, CLIProgram.path,
      ]
      process.environment = [
        "HOME": daemon.directory, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "WARMPLANE_LOG": "info",
        "XDG_RUNTIME_DIR": "\(daemon.directory)/run", "XDG_STATE_HOME": "\(daemon.directory)/state",
      ]
      process.currentDirectoryURL = URL(fileURLWithPath: daemon.directory)
      try process.run()
      defer { if process.isRunning { process.terminate() } }
      try daemon.eventually(within: 20, "the daemon answers") { try? daemon.status() }
      func records() -> [Substring] {
        daemon.text(of: log).split(separator: "\n").filter { $0.contains(#""message":"stored state""#) }
      }
      try daemon.eventually("the log says that nothing is kept") { records().isEmpty ? nil : true }
      let control = try SurfaceControlClient(path: daemon.controlSocket)
      try control.hello()
      let list = try control.request("capabilities/list").member("body")
      #expect(list?.member("capabilities")?.elements.contains { $0.member("id")?.string == "s.echo" } == true)
      let call = try control.request("tools/call", SurfaceHTTPClient.callBody("s.echo"))
      #expect(call.member("status")?.int == 200)
      _ = try control.request("tools/call", SurfaceHTTPClient.callBody("s.add_tool", #"{"name":"more"}"#))
      try daemon.eventually("the new tool is listed") {
        let list = try control.request("capabilities/list").member("body")?.member("capabilities")
        return list?.elements.contains { $0.member("id")?.string == "s.more" } == true ? true : nil
      }
      #expect(records().first?.contains(#""kind":"full""#) == true, "\(records())")
      // Only the first list has the long description: the second one fits, and the log says that too.
      try daemon.eventually("the log says that state is kept again") { records().count > 1 ? true : nil }
      #expect(records().count == 2 && records().last?.contains(#""kind":"recovered""#) == true, "\(records())")
      #expect(try daemon.warmplane("stop").exit == .code(0))
      try daemon.eventually("the daemon ended") { process.isRunning ? nil : true }
      #expect(process.terminationStatus == 0)
    }
  }
}
