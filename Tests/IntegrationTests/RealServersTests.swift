import Glibc
import Protocol
import Testing

/// The promise of the README: the example servers, through `/v1` and the commands, with right answers.
@Suite("real servers", .timeLimit(.minutes(5)))
struct RealServersTests {
  @Test("time")
  func time() async throws {
    let config = RealServers.config(try RealServers.example("time", "mcp-server-time", "--local-timezone", "UTC"))
    try await DaemonFixture.run(config) { daemon in
      let row = try daemon.wait(for: "time", within: 100)
      #expect(row.member("protocol_version")?.string == "2025-11-25")
      #expect(row.member("restarts")?.int == 0)
      #expect(try daemon.listedIDs() == ["time.convert_time", "time.get_current_time"])
      let arguments = #"{"source_timezone":"UTC","time":"12:30","target_timezone":"Asia/Tokyo"}"#
      let answer = try daemon.call("time.convert_time", arguments)
      try expectTokyo(answer.content)
      let command = try daemon.runWarmplane(["call-capability", "time.convert_time", "--params", arguments])
      #expect(command.exit == .code(0))
      let envelope = try JSONSlice(validating: Array(command.output.utf8))
      #expect(envelope.member("ok")?.bool == true)
      try expectTokyo(envelope.member("data")?.member("content")?.elements.first { _ in true }?.member("text")?.string)
      // Its own idea of an error is an answer.
      let unknown = try daemon.call("time.get_current_time", #"{"timezone":"Nowhere/City"}"#)
      #expect(unknown.status == 200)
      #expect(unknown.json.member("data")?.member("isError")?.bool == true)
      let detail = try daemon.runWarmplane(["describe-capability", "time.convert_time"])
      #expect(detail.exit == .code(0))
      let capability = try JSONSlice(validating: Array(detail.output.utf8)).member("capability")
      #expect(capability?.member("tool")?.string == "convert_time")
      #expect(capability?.member("input_schema")?.member("properties")?.member("source_timezone") != nil)
    }
  }

  /// 12:30 in UTC is 21:30 in Tokyo, which knows no summer time.
  private func expectTokyo(_ text: String?) throws {
    let time = try JSONSlice(validating: Array(try #require(text).utf8))
    #expect(time.member("target")?.member("datetime")?.string?.hasSuffix("T21:30:00+09:00") == true, "\(text ?? "")")
    #expect(time.member("time_difference")?.string == "+9.0h")
  }

  @Test("git")
  func git() async throws {
    let config = RealServers.config(try RealServers.example("git", "mcp-server-git", "--repository", "repository"))
    try await DaemonFixture.run(config, isStarted: false) { daemon in
      let repository = "\(daemon.directory)/repository"
      try RealServers.makeRepository(at: repository)
      try daemon.start()
      try daemon.wait(for: "git", within: 100)
      let status = try daemon.call("git.git_status", #"{"repo_path":"\#(repository)"}"#)
      #expect(status.content?.contains("On branch main") == true, "\(status.text)")
      #expect(status.content?.contains("untracked") == true)
      let log = try daemon.runWarmplane(
        ["call-capability", "git.git_log", "--params", #"{"repo_path":"\#(repository)"}"#])
      #expect(log.exit == .code(0))
      #expect(log.output.contains("the first commit") && log.output.contains("Tester"), "\(log.output)")
      // Outside of the repository it was given.
      let refused = try daemon.call("git.git_status", #"{"repo_path":"/"}"#)
      #expect(refused.status == 200)
      #expect(refused.json.member("data")?.member("isError")?.bool == true, "\(refused.text)")
    }
  }

  @Test("sqlite")
  func sqlite() async throws {
    let config = RealServers.config(try RealServers.example("sqlite", "mcp-server-sqlite", "--db-path", "test.db"))
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "sqlite", within: 100)
      func query(_ tool: String, _ text: String) throws -> String? {
        try daemon.call("sqlite.\(tool)", #"{"query":"\#(text)"}"#).content
      }
      #expect(try query("create_table", "CREATE TABLE fruit (name TEXT, price REAL)")?.contains("created") == true)
      let inserted = try query("write_query", "INSERT INTO fruit VALUES ('äpple', 1.5), ('kiwi', 2)")
      #expect(inserted?.contains("affected_rows': 2") == true, "\(inserted ?? "")")
      let rows = try query("read_query", "SELECT name, price FROM fruit ORDER BY price DESC")
      #expect(rows == "[{'name': 'kiwi', 'price': 2.0}, {'name': 'äpple', 'price': 1.5}]")
      let command = try daemon.runWarmplane(["call-capability", "sqlite.list_tables"])
      #expect(command.exit == .code(0))
      #expect(command.output.contains("fruit"))
      // The session is the upstream's: a killed server has its file, not its memory.
      try daemon.endProcess("upstream_pid", of: "sqlite")
      #expect(try query("read_query", "SELECT count(*) AS n FROM fruit") == "[{'n': 2}]")
      #expect(try daemon.figure("restarts", of: "sqlite") == 1)
    }
  }

  @Test("an upstream by the official SDK", arguments: [1, 2])
  func officialSDK(generation: Int) async throws {
    let config = RealServers.config(try RealServers.peer("peer", sdk: generation))
    try await DaemonFixture.run(config) { daemon in
      let row = try daemon.wait(for: "peer", within: 100)
      #expect(row.member("protocol_version")?.string == (generation == 1 ? "2025-11-25" : "2026-07-28"))
      #expect(row.member("restarts")?.int == 0)
      #expect(try daemon.readiness("peer").message == "Server \"peer\" is ready.")
      #expect(
        try daemon.listedIDs() == ["add", "echo", "fail", "grow", "slow", "steps"].map { "peer.\($0)" })

      let sum = try daemon.call("peer.add", #"{"a":40,"b":2}"#)
      #expect(sum.status == 200)
      #expect(sum.json.member("data")?.member("structuredContent")?.member("sum")?.int == 42)
      #expect(try daemon.call("peer.echo", #"{"text":"h\u00e9 \ud83d\ude00"}"#).content == "hé 😀")
      #expect(try daemon.call("peer.steps", #"{"count":3}"#).content == "3 steps")
      let failed = try daemon.call("peer.fail", #"{"text":"on purpose"}"#)
      #expect(failed.status == 200)
      #expect(failed.json.member("data")?.member("isError")?.bool == true)
      let wrong = try daemon.call("peer.add", #"{"a":"no number"}"#)
      #expect(wrong.status == 200 || wrong.code == "UPSTREAM_ERROR", "\(wrong.text)")

      // A slow handler delays no other, and hears that nobody waits for it any more.
      let slow = try daemon.begin("peer.slow", #"{"seconds":1,"journal":"finished.journal"}"#)
      var lost: SurfaceHTTPClient? = try daemon.begin("peer.slow", #"{"seconds":60,"journal":"lost.journal"}"#)
      for file in ["finished.journal", "lost.journal"] { try daemon.waitForLines(with: "started", in: file) }
      #expect(try daemon.call("peer.add", #"{"a":1,"b":2}"#).status == 200)
      #expect(try daemon.figure("in_flight", of: "peer") == 2)
      _ = lost  // until now
      lost = nil
      let elapsed = try DaemonFixture.milliseconds { try daemon.waitForLines(with: "cancelled", in: "lost.journal") }
      DaemonFixture.report("end of the client to the handler of the SDK \(generation).x", elapsed)
      #expect(elapsed < 1000)
      #expect(try slow.answer().content == "waited 1.0 s")
      #expect(daemon.lines(of: "finished.journal") == ["started", "finished"])

      #expect(try daemon.call("peer.grow").status == 200)
      try daemon.eventually(within: 30, "the new tool is listed") {
        try daemon.listedIDs().contains("peer.grown") ? true : nil
      }
      let grown = try daemon.call("peer.grown", #"{"a":2,"b":3}"#)
      #expect(grown.json.member("data")?.member("structuredContent")?.member("sum")?.int == 5)
      #expect(try daemon.stop() == .code(0))
    }
  }
}
