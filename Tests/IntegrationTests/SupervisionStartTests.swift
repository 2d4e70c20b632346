import Foundation
import Glibc
import Protocol
import Testing

/// Servers that do not start as they should: each gets its state, code and message, and nobody waits for it
/// (contract §6.1, §6.2).
@Suite("starts", .timeLimit(.minutes(5)))
struct SupervisionStartTests {
  /// A server and what is said of it.
  struct Row: Sendable {
    let server: DaemonConfig.Server
    let state: String
    let code: String
    /// Parts of its readiness message.
    var message: [String] = []
    var isRetryable = true
  }

  private static func unreachable(_ server: DaemonConfig.Server, _ message: String...) -> Row {
    Row(server: server, state: "restarting", code: "transport_unavailable", message: message)
  }

  private static func ready(_ server: DaemonConfig.Server) -> Row {
    Row(server: server, state: "ready", code: "ready", isRetryable: false)
  }

  private static let longWait = #"{"ms":60000}"#

  static let bad: [Row] = [
    unreachable(.fake("silent", "--on-initialize", "silent"), "did not answer initialize within 1000 ms"),
    unreachable(.fake("asleep", "--slow-start", "60000"), "did not answer", "within 1000 ms"),
    // The probe, initialize and tools/list are its first three requests.
    unreachable(.fake("listless", "--hang-after", "2"), "did not answer tools/list within 1000 ms"),
    unreachable(
      .fake("exits", "--exit-at-start", "3"), "exited with code 3", "warmplane-fake-upstream: exiting with 3 as told"),
    unreachable(.fake("refuses", "--on-initialize", "error"), "initialize fails as told", "-32603"),
    unreachable(.fake("resigns", "--on-initialize", "exit"), "exited with code 1 before it answered initialize"),
    unreachable(DaemonConfig.Server(id: "missing", command: "no-such-command"), "no-such-command"),
    unreachable(.fake("lost", members: ["cwd": #""/no/such/directory""#]), "/no/such/directory"),
    Row(
      server: .fake("off", members: ["disabled": "true"]), state: "disabled", code: "disabled",
      message: ["is disabled in the configuration"], isRetryable: false),
    Row(
      server: .fake("invalid", members: ["env": #"{"TOKEN":"${NO_SUCH_VARIABLE}"}"#]), state: "misconfigured",
      code: "config_invalid", message: ["NO_SUCH_VARIABLE"], isRetryable: false),
  ]

  static let odd: [Row] = [
    ready(.fake("shy", "--on-probe", "exit")),
    ready(.fake("mute", "--on-probe", "silent")),
    ready(.fake("deaf", "--deaf-after-probe")),
    ready(.fake("nonsense", "--on-probe", "garbage")),
    ready(.fake("chatty", "--garbage", "7", "--bom", "--crlf")),
    ready(.fake("noisy", "--flood-stderr", "2000000")),
    ready(.fake("paged", "--pages", "30")),
    ready(.fake("late", "--on-initialize", "late:300")),
    ready(.fake("old", "--version", "2024-11-05")),
  ]

  @Test("every bad start has its state and message, and the healthy servers are there at once")
  func badStarts() async throws {
    var config = DaemonConfig(servers: Self.bad.map(\.server) + [.fake("healthy"), .demo("demo")])
    config.members = ["toolTimeoutMs": "1000", "daemon": #"{"startSeconds":1,"discoverMs":200,"stopGraceMs":200}"#]
    try await DaemonFixture.run(config, isStarted: false) { daemon in
      let start = try DaemonFixture.milliseconds { try daemon.start() }
      DaemonFixture.report("start of the daemon to its first status, 10 bad servers", start)
      #expect(start < 3000)
      try daemon.wait(for: "healthy")
      try daemon.wait(for: "demo")
      #expect(try daemon.call("healthy.echo", #"{"a":1}"#).content == #"{"a":1}"#)
      #expect(try daemon.call("demo.add", #"{"a":1,"b":2}"#).content == "3")
      #expect(try daemon.listedIDs().contains("healthy.echo"))
      for row in Self.bad { try expect(row, daemon) }
      #expect(try daemon.figure("restarts", of: "healthy") == 0)
    }
  }

  /// What `status`, the lists and a call say of a server that cannot be used.
  private func expect(_ row: Row, _ daemon: DaemonFixture) throws {
    let id = row.server.id
    let status = try daemon.eventually(within: 30, "\(id) is \(row.code)") {
      let status = try daemon.worker(id)
      return status.member("code")?.string == row.code ? status : nil
    }
    #expect(status.member("state")?.string == row.state, "\(id)")
    #expect(status.member("protocol_version")?.isNull == true, "\(id)")
    let readiness = try daemon.readiness(id)
    #expect(readiness.code == row.code, "\(id)")
    #expect(readiness.isRetryable == row.isRetryable, "\(id)")
    for part in ["\"\(id)\""] + row.message {
      #expect(readiness.message.contains(part), "\(id): \(readiness.message)")
    }
    #expect(try !daemon.listedIDs().contains { $0.hasPrefix("\(id).") })
    // A call causes the next attempt and waits for it; that one must not succeed.
    let answer = try daemon.call("\(id).echo")
    #expect(answer.status == 503, "\(id)")
    #expect(answer.code == "SERVER_UNREACHABLE", "\(id)")
    #expect(answer.isRetryable == row.isRetryable, "\(id)")
    let reasons = row.isRetryable ? [row.code, "starting", "crash_loop"] : [row.code]
    #expect(reasons.contains(answer.reason ?? ""), "\(id): \(answer.text)")
    #expect(answer.message?.contains("\"\(id)\"") == true, "\(answer.text)")
  }

  @Test("odd servers become ready, are listed whole and can be called")
  func oddStarts() async throws {
    var config = DaemonConfig(servers: Self.odd.map(\.server))
    config.members = ["daemon": #"{"discoverMs":200}"#]
    try await DaemonFixture.run(config) { daemon in
      for row in Self.odd {
        let id = row.server.id
        let status = try daemon.wait(for: id)
        #expect(try daemon.readiness(id).code == "ready")
        #expect(status.member("restarts")?.int == 0, "\(id)")
        #expect(try daemon.call("\(id).echo", #"{"n":1}"#).content == #"{"n":1}"#, "\(id)")
      }
      #expect(try daemon.worker("old").member("protocol_version")?.string == "2024-11-05")
      let ids = try daemon.listedIDs()
      #expect(ids.count { $0.hasPrefix("paged.page") } == 29 * 10)
      #expect(try daemon.call("paged.page30_10", #"{"n":30}"#).content == #"{"n":30}"#)
      // Over ten megabytes of noise were read; the log has some of it and says that there was more.
      let noise = try daemon.log("upstream stderr").filter { $0.member("server_id")?.string == "noisy" }
      #expect(noise.contains { $0.member("line")?.string?.hasSuffix("more lines)") == true })
      #expect(noise.count < 5 * 2_000_000 / 77 / 2)
      #expect(try daemon.figure("worker_memory_bytes", of: "noisy") < 32 << 20)
      #expect(
        try daemon.log("upstream stderr").contains {
          $0.member("server_id")?.string == "chatty" && $0.member("line")?.string?.contains("Server listening") == true
        })
    }
  }

  @Test("incomplete lists make a server degraded, and its message says what is missing, in bounds")
  func incompleteLists() async throws {
    let config = DaemonConfig(servers: [
      .fake("endless", "--pages", "3", "--cursor-loop"),
      .fake("partial", "--prompts", "2", "--list-error", "prompts/list"),
      .fake("copious", "--pages", "12", "--long-line", "1000000"),
    ])
    try await DaemonFixture.run(config) { daemon in
      for id in ["endless", "partial"] {
        try daemon.wait(for: id, toBe: "degraded")
        #expect(try daemon.readiness(id).code == "ready")
        #expect(try daemon.call("\(id).count").content == "1")
      }
      try daemon.wait(for: "copious")
      let endless = try daemon.readiness("endless").message
      #expect(endless.contains("tools/list repeats a cursor"), "\(endless)")
      // Its first page came twice: every id of it is a duplicate, and not every one is named.
      #expect(endless.contains("more") && endless.utf8.count < 1000, "\(endless)")
      let ids = try daemon.listedIDs().filter { $0.hasPrefix("endless.") }
      #expect(ids.contains("endless.page3_10") && Set(ids).count == ids.count)
      #expect(try daemon.readiness("partial").message.contains("prompts/list fails as told"))
      #expect(try daemon.listedIDs().count { $0.hasPrefix("copious.page") } == 110)
    }
  }

  @Test("a server that exits on the probe is started again, which is no restart, and never probed again")
  func probeVerdictIsRemembered() async throws {
    let config = DaemonConfig(servers: [.fake("shy", "--on-probe", "exit", "--journal", "shy.journal")])
    try await DaemonFixture.run(config) { daemon in
      let row = try daemon.wait(for: "shy")
      #expect(row.member("restarts")?.int == 0)
      let starts = openings(daemon.lines(of: "shy.journal"))
      #expect(starts == ["server/discover", "initialize"])
      for victim in ["upstream_pid", "worker_pid"] {
        try daemon.endProcess(victim, of: "shy")
        #expect(try daemon.call("shy.count").content == "1")
      }
      #expect(openings(daemon.lines(of: "shy.journal")) == starts + ["initialize", "initialize"])
      #expect(try daemon.figure("restarts", of: "shy") == 2)
    }
  }

  /// The method of the first request of each process in a journal.
  private func openings(_ lines: [String]) -> [String] {
    zip(lines, lines.dropFirst()).filter { $0.0.hasPrefix("start ") }.compactMap { _, next in
      let message = try? JSONSlice(validating: Array(next.dropFirst("recv ".count).utf8))
      return message?.member("method")?.string
    }
  }

  @Test("a server that always exits is in a crash loop after more than five restarts, and calls say so")
  func crashLoop() async throws {
    let config = DaemonConfig(servers: [.fake("looping", "--exit-at-start", "3"), .fake("healthy")])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "looping", toBe: "restarting")
      var reasons: [String] = []
      // Each call causes an attempt at once, so the loop does not take the backoff's time.
      while reasons.last != "crash_loop" && reasons.count < 10 {
        let answer = try daemon.call("looping.echo")
        #expect(answer.status == 503)
        #expect(answer.isRetryable == true)
        #expect(answer.message?.contains("exiting with 3 as told") == true)
        reasons.append(answer.reason ?? "")
      }
      #expect(reasons.last == "crash_loop")
      #expect(reasons.dropLast().allSatisfy { $0 == "transport_unavailable" }, "\(reasons)")
      let row = try daemon.worker("looping")
      #expect(row.member("state")?.string == "crash_loop")
      // More than five ends within the period: the sixth attempt was the last straw.
      #expect(row.member("restarts")?.int == 5)
      let message = try daemon.readiness("looping").message
      #expect(message.contains("keeps failing") && message.contains("exited with code 3"), "\(message)")
      #expect(try daemon.call("healthy.count").content == "1")
    }
  }

  /// A server that starts only when the file `open` is there.
  private static let gated = DaemonConfig.Server(
    id: "gated", command: "/bin/sh",
    arguments: [
      "-c", #"echo try >> gated.tries; [ -e open ] || { echo "the gate is closed" >&2; exit 7; }; exec "$0""#,
      DaemonFixture.program("warmplane-fake-upstream"),
    ])

  @Test("a call to a server in backoff starts the next attempt at once and waits for it")
  func callInBackoff() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [Self.gated])) { daemon in
      let record = try daemon.waitForLog("upstream server restarting") { $0.member("attempt")?.int == 4 }
      let delay = try #require(record.member("delay_ms")?.int)
      #expect(delay >= 3200)
      #expect(try daemon.readiness("gated").message.contains("the gate is closed"))
      try Data().write(to: URL(fileURLWithPath: "\(daemon.directory)/open"))
      let elapsed = try DaemonFixture.milliseconds { () throws in #expect(try daemon.call("gated.count").content == "1")
      }
      DaemonFixture.report("call in a backoff of \(delay) ms to its answer", elapsed)
      #expect(elapsed < 2500)
      #expect(try daemon.worker("gated").member("state")?.string == "ready")
    }
  }

  @Test("a server that failed recovers without a call")
  func recoveryByItself() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [Self.gated])) { daemon in
      try daemon.wait(for: "gated", toBe: "restarting")
      try Data().write(to: URL(fileURLWithPath: "\(daemon.directory)/open"))
      #expect(try daemon.wait(for: "gated").member("restarts")?.int ?? 0 >= 1)
      #expect(try daemon.readiness("gated").message == "Server \"gated\" is ready.")
    }
  }

  @Test("servers start a few at a time, and those that hang do not keep the others waiting for long")
  func boundedStarts() async throws {
    let slots = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    // They take every slot and never say a word.
    let hanging = (0..<slots).map { DaemonConfig.Server.fake("hanging\($0)", "--slow-start", "60000") }
    let healthy = (0..<max(4, 20 - slots)).map { DaemonConfig.Server.fake("healthy\($0)") }
    var config = DaemonConfig(servers: hanging + healthy)
    config.members = ["daemon": #"{"startsPerCore":1,"stopGraceMs":200}"#]
    try await DaemonFixture.run(config, isStarted: false) { daemon in
      let elapsed = try DaemonFixture.milliseconds {
        try daemon.start()
        for server in healthy { try daemon.wait(for: server.id) }
      }
      DaemonFixture.report("\(healthy.count) servers ready beside \(slots) that hang in all start slots", elapsed)
      #expect(elapsed < 15_000)
      let started = try daemon.log("starting upstream server").compactMap { $0.member("server_id")?.string }
      #expect(Set(started.prefix(slots)) == Set(hanging.map(\.id)))
      // The slots were really taken, for three seconds.
      #expect(elapsed >= 2900)
      for server in hanging { #expect(try daemon.worker(server.id).member("state")?.string == "starting") }
    }
  }
}
