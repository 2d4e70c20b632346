import Foundation
import Glibc
import Protocol
import Testing

/// The daemon as a process: status, stop, a second one, signals.
@Suite("life of the daemon", .timeLimit(.minutes(5)))
struct SurfaceLifeTests {
  private static let config = DaemonConfig(servers: [.fake("fake"), .fake("off", members: ["disabled": "true"])])

  private static func keys(_ object: JSONSlice?) -> [String] { object?.members.compactMap { $0.key.string } ?? [] }

  @Test("status has the members of the contract, in their order")
  func status() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      let ready = try daemon.wait(for: "fake")
      _ = try daemon.call("fake.echo")
      _ = try daemon.call("fake.rpc_error", #"{"code":1,"message":"m"}"#)
      let result = try daemon.runWarmplane(["status", "--json", "-c", daemon.configPath])
      #expect(result.exit == .code(0) && result.error.isEmpty, "\(result)")
      let status = try JSONSlice(validating: Array(result.output.utf8))
      #expect(Self.keys(status) == ["ok", "daemon", "workers"])
      let own = status.member("daemon")
      #expect(
        Self.keys(own) == ["pid", "version", "config", "socket", "http", "mcp_http", "config_changed", "clients"])
      #expect(own?.member("pid")?.int == Int(daemon.pid))
      #expect(own?.member("config")?.string == daemon.configPath)
      #expect(own?.member("socket")?.string == daemon.controlSocket)
      #expect(own?.member("http")?.string == "http://127.0.0.1:\(daemon.port)")
      #expect(own?.member("config_changed")?.bool == false)
      let client = own?.member("clients")?.elements.first { _ in true }
      #expect(Self.keys(client) == ["kind", "name", "version", "protocol_era", "scope", "exposure", "in_flight"])
      #expect(client?.member("kind")?.string == "cli")

      let rows = status.member("workers").map { Array($0.elements) } ?? []
      #expect(rows.compactMap { $0.member("server")?.string } == ["fake", "off"])
      for row in rows {
        #expect(
          Array(Self.keys(row).prefix(16)) == [
            "server", "state", "code", "worker_pid", "upstream_pid", "transport", "protocol_version", "uptime_ms",
            "restarts", "in_flight", "calls", "errors", "p50_ms", "p95_ms", "memory_bytes", "worker_memory_bytes",
          ])
      }
      guard rows.count == 2 else { return }
      let (fake, off) = (rows[0], rows[1])
      #expect(fake.member("code")?.string == "ready" && fake.member("transport")?.string == "stdio")
      let pids = Set(daemon.processes().keys.map { Int($0) })
      #expect(pids == [Int(daemon.pid), fake.member("worker_pid")?.int, fake.member("upstream_pid")?.int])
      #expect(fake.member("worker_pid")?.int == ready.member("worker_pid")?.int)
      #expect(fake.member("restarts")?.int == 0 && fake.member("in_flight")?.int == 0)
      #expect(fake.member("calls")?.int == 2 && fake.member("errors")?.int == 1)
      #expect((fake.member("p50_ms")?.double ?? -1) >= 0)
      #expect((fake.member("memory_bytes")?.int ?? 0) > 100_000)
      #expect((fake.member("worker_memory_bytes")?.int ?? 0) > 100_000)
      #expect(off.member("state")?.string == "disabled" && off.member("code")?.string == "disabled")
      for name in ["worker_pid", "upstream_pid", "protocol_version", "memory_bytes"] {
        #expect(off.member(name)?.isNull == true, "\(name)")
      }

      try daemon.write(DaemonConfig(servers: [.fake("fake"), .fake("more")]))
      let changed = try daemon.status().member("daemon")?.member("config_changed")
      #expect(changed?.bool == true)
    }
  }

  @Test("stop returns when the process is gone, and everything that it started")
  func stop() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let pid = daemon.pid
      #expect(daemon.processes().count == 3)
      let result = try daemon.runWarmplane(["stop", "-c", daemon.configPath])
      #expect(result.exit == .code(0) && result.output == "{\"ok\":true,\"pid\":\(pid)}\n", "\(result)")
      #expect(daemon.processes().isEmpty)
      #expect(try daemon.waitForExit(within: 0) == .code(0))
      #expect(access(daemon.controlSocket, F_OK) != 0)
      let again = try daemon.runWarmplane(["stop", "-c", daemon.configPath])
      #expect(again.exit == .code(3) && again.output.isEmpty, "\(again)")
      #expect(again.error.contains("warmplane daemon"), "\(again)")
    }
  }

  @Test("SIGTERM and SIGINT end everything with exit code 0", arguments: [SIGTERM, SIGINT])
  func signals(_ signal: Int32) async throws {
    let config = DaemonConfig(servers: [
      .fake("fake"), .fake("stubborn", "--ignore-eof", "--ignore-term"), .demo("demo"),
    ])
    try await DaemonFixture.run(config) { daemon in
      for server in ["fake", "stubborn", "demo"] { try daemon.wait(for: server) }
      let http = try daemon.http()
      try http.send(
        SurfaceHTTPClient.bytes(
          "POST", "/v1/tools/call", headers: ["Content-Type: application/json"],
          body: Array(SurfaceHTTPClient.callBody("fake.sleep", #"{"ms":400}"#).utf8)))
      try daemon.eventually("the call runs") { try daemon.worker("fake").member("in_flight")?.int == 1 ? true : nil }
      daemon.signal(signal)
      // A running operation may end.
      #expect(try http.answer().content == "slept 400 ms")
      #expect(try daemon.waitForExit() == .code(0))
      #expect(daemon.processes().isEmpty, "\(daemon.processes())")
      #expect(access(daemon.controlSocket, F_OK) != 0)
      // The same configuration starts again, at once.
      try daemon.start()
      #expect(try daemon.call("fake.count").content == "1")
    }
  }

  @Test("a call that does not end in time is told so, and does not hold up the end")
  func longCall() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let http = try daemon.http()
      try http.send(
        SurfaceHTTPClient.bytes(
          "POST", "/v1/tools/call", headers: ["Content-Type: application/json"],
          body: Array(SurfaceHTTPClient.callBody("fake.sleep", #"{"ms":14000}"#).utf8)))
      try daemon.eventually("the call runs") { try daemon.worker("fake").member("in_flight")?.int == 1 ? true : nil }
      daemon.signal(SIGTERM)
      let answer = try http.answer()
      #expect(answer.status == 503 && answer.code == "SERVER_UNREACHABLE", "\(answer.text)")
      #expect(answer.isRetryable == true && answer.reason == "outcome_unknown", "\(answer.text)")
      #expect(try daemon.waitForExit() == .code(0))
    }
  }

  @Test("a second signal ends it at once, and nothing stays behind")
  func secondSignal() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      let http = try daemon.http()
      try http.send(
        SurfaceHTTPClient.bytes(
          "POST", "/v1/tools/call", headers: ["Content-Type: application/json"],
          body: Array(SurfaceHTTPClient.callBody("fake.sleep", #"{"ms":14000}"#).utf8)))
      try daemon.eventually("the call runs") { try daemon.worker("fake").member("in_flight")?.int == 1 ? true : nil }
      daemon.signal(SIGTERM)
      // Two of the same signal that are pending at once are one.
      try daemon.eventually("it has begun to stop") { (try? daemon.http()) == nil ? true : nil }
      daemon.signal(SIGTERM)
      try daemon.waitForExit(within: 1.5)
    }
  }

  @Test("a second daemon of the same configuration is refused, with the pid of the first")
  func second() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      for path in [daemon.configPath, "mcp_servers.json", "./run/../mcp_servers.json"] {
        let result = try daemon.runWarmplane(["daemon", "-c", path])
        #expect(result.exit == .code(1) && result.output.isEmpty, "\(result)")
        #expect(result.error.contains("\(daemon.pid)") && result.error.contains("warmplane stop"), "\(result)")
      }
      #expect(try daemon.call("fake.echo").status == 200, "the first one was harmed")
    }
  }

  @Test("a busy port is an error that names it")
  func busyPort() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      let other = "\(daemon.directory)/other.json"
      try DaemonConfig(members: ["port": "\(daemon.port)"]).text.write(toFile: other, atomically: true, encoding: .utf8)
      let result = try daemon.runWarmplane(["daemon", "-c", other])
      #expect(result.exit == .code(1) && result.output.isEmpty, "\(result)")
      #expect(result.error.contains("\(daemon.port)"), "\(result)")
      let flag = try daemon.runWarmplane(["daemon", "-c", other, "-p", "\(daemon.port)"])
      #expect(flag.exit == .code(1) && flag.error.contains("\(daemon.port)"), "\(flag)")
    }
  }

  @Test("the CLI's facade commands print what /v1 answers")
  func facade() async throws {
    try await DaemonFixture.run(Self.config) { daemon in
      try daemon.wait(for: "fake")
      func run(_ arguments: String...) throws -> (exit: DaemonFixture.Exit, output: String, error: String) {
        try daemon.runWarmplane(arguments + ["-c", daemon.configPath])
      }
      let http = try daemon.http()
      let list = try run("list-capabilities")
      #expect(try list.exit == .code(0) && list.output == http.get("/v1/capabilities").text + "\n", "\(list)")
      let detail = try run("describe-capability", "fake.echo")
      #expect(
        try detail.exit == .code(0) && detail.output == http.get("/v1/capabilities/fake.echo").text + "\n", "\(detail)")
      let call = try run(
        "call-capability", "fake.echo", "--params", #"{"n": 12345678901234567890}"#, "--request-id", "r")
      #expect(
        call.exit == .code(0) && call.output.contains(#""structuredContent":{"n":12345678901234567890}"#), "\(call)")
      #expect(call.output.hasPrefix(#"{"ok":true,"request_id":"r","trace_id":""#), "\(call)")
      let failed = try run("call-capability", "fake.nothing")
      #expect(failed.exit == .code(1) && failed.output.contains("TOOL_NOT_FOUND"), "\(failed)")
    }
  }
}
