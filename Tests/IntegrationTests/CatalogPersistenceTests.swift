import Foundation
import Platform
import Protocol
import Testing

/// Catalogs outlive the daemon: the next one lists at once, while servers come up or do not (contract §3.4).
@Suite("persisted catalog", .timeLimit(.minutes(5)))
struct CatalogPersistenceTests {
  private static let kinds = ["capabilities", "resources", "prompts"]

  /// The time that `body` takes, and its value.
  private static func timed<Value>(_ body: () throws -> Value) rethrows -> (Value, milliseconds: Int) {
    let start = MonotonicTime.now
    let value = try body()
    return (value, MonotonicTime.now.milliseconds(since: start))
  }

  @Test("lists and descriptions are as before while servers are slow or hang; operations wait for them")
  func atOnce() async throws {
    let config = DaemonConfig(
      servers: [
        .switched("slow", "--resources 2 --prompts 1 --tools x,y", then: "--slow-start 1200"),
        .switched("hung", "--resources 1", then: "--on-initialize silent", members: ["timeout": "400"]),
        .fake("off", members: ["disabled": "true"]), .demo("demo"),
      ],
      members: [
        "listWaitMs": "20000", "capabilityAliases": #"{"hung.echo": "alias"}"#, "policy": #"{"deny": ["slow.count"]}"#,
      ])
    try await DaemonFixture.run(config) { daemon in
      for server in ["slow", "hung", "demo"] { try daemon.wait(for: server) }
      let before = try Self.kinds.map { try daemon.http().list($0).entries }
      let description = try daemon.http().get("/v1/capabilities/slow.x").text
      #expect(before.allSatisfy { $0.contains(#""server":"slow""#) })
      #expect(try daemon.stop() == .code(0))
      try daemon.turnSwitch("slow")
      try daemon.turnSwitch("hung")
      try daemon.start()

      let http = try daemon.http()
      let (lists, milliseconds) = try Self.timed { try Self.kinds.map { try http.list($0) } }
      #expect(milliseconds < 1000)
      #expect(lists.map(\.entries) == before)
      for list in lists {
        #expect(list.readinessCode("slow") == "starting" && list.readinessCode("hung") == "starting")
        #expect(list.readinessCode("off") == "disabled")
      }
      #expect(try http.get("/v1/capabilities/slow.x").text == description)
      // The operation waits; what is unknown, unknown remains, at once.
      let (unknown, unknownTime) = try Self.timed { try http.call("slow.nothing") }
      #expect(unknown.status == 404 && unknownTime < 1000)
      let stuck = try http.call("alias")
      #expect(stuck.status == 503 && stuck.reason == "starting" && stuck.isRetryable == true, "\(stuck.text)")
      let read = try http.post("/v1/resources/read", #"{"resource_id":"slow.fake://resource/2"}"#)
      #expect(read.status == 200, "\(read.text)")
      let call = try http.call("slow.echo", #"{"n":1.0}"#)
      #expect(call.status == 200 && call.content == #"{"n":1.0}"#)
    }
  }

  @Test("entries of changed, removed and disabled servers are not listed from before")
  func stale() async throws {
    let names = ["same", "changed", "removed", "disabled", "aliased"]
    let config = DaemonConfig(
      servers: names.map { .switched($0, then: "--on-initialize silent") }, members: ["listWaitMs": "20000"])
    try await DaemonFixture.run(config) { daemon in
      for name in names { try daemon.wait(for: name) }
      #expect(try daemon.stop() == .code(0))
      for name in names { try daemon.turnSwitch(name) }
      var next = config
      next.servers[1] = .switched("changed", "--tools more", then: "--on-initialize silent")
      next.servers[3].members["disabled"] = "true"
      next.servers.remove(at: 2)
      next.servers.append(.fake("new", "--on-initialize", "silent"))
      next.members["capabilityAliases"] = #"{"aliased.echo": "E"}"#
      // A timeout is no part of what was listed.
      next.servers[0].members["timeout"] = "300"
      try daemon.write(next)
      try daemon.start()
      // Something is known, so nobody waits.
      let (list, milliseconds) = try Self.timed { try daemon.http().list() }
      #expect(milliseconds < 1000)
      #expect(
        Set(list.json.member("capabilities")?.elements.compactMap { $0.member("server")?.string } ?? []) == [
          "aliased", "same",
        ])
      #expect(list.ids.contains("E") && !list.ids.contains("aliased.echo") && list.ids.contains("same.echo"))
      #expect(list.readinessCode("removed") == nil && list.readinessCode("disabled") == "disabled")
      let http = try daemon.http()
      #expect(try http.get("/v1/capabilities/disabled.echo").reason == "disabled")
      #expect(try http.get("/v1/capabilities/removed.echo").code == "TOOL_NOT_FOUND")
      let waited = try http.call("same.echo")
      #expect(waited.status == 503 && waited.reason == "starting", "\(waited.text)")
    }
  }

  @Test("a failed first attempt is remembered: no list of a later daemon waits")
  func failedAttempt() async throws {
    let program = DaemonFixture.program("warmplane-fake-upstream")
    let server = DaemonConfig.Server(
      id: "s", command: "/bin/sh",
      arguments: ["-c", "if [ -e switch-s ]; then exec '\(program)' --on-initialize silent; else exit 3; fi"])
    let config = DaemonConfig(servers: [server], members: ["listWaitMs": "20000"])
    try await DaemonFixture.run(config) { daemon in
      #expect(try daemon.http().list().readinessCode("s") == "transport_unavailable")
      #expect(try daemon.stop() == .code(0))
      try daemon.turnSwitch("s")
      try daemon.start()
      let (list, milliseconds) = try Self.timed { try daemon.http().list() }
      #expect(list.readinessCode("s") == "starting")
      #expect(list.entries == "[]")
      #expect(milliseconds < 1000)
    }
  }

  @Test("without anything remembered a list waits, also after the servers were removed from the configuration")
  func nothingRemembered() async throws {
    let config = DaemonConfig(servers: [.fake("old")], members: ["listWaitMs": "20000"])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "old")
      #expect(try daemon.stop() == .code(0))
      var config = config
      config.servers = []
      try daemon.write(config)
      try daemon.start()
      #expect(try daemon.http().list().entries == "[]")
      #expect(try daemon.warmplane("reload").exit == .code(0))
      #expect(try daemon.stop() == .code(0))
      config.servers = [.fake("new", "--slow-start", "500")]
      try daemon.write(config)
      try daemon.start()
      let list = try daemon.http().list()
      #expect(list.readinessCode("new") == "ready" && list.ids.contains("new.echo"))
    }
  }

  @Test("what list_changed added is remembered")
  func listChanged() async throws {
    let config = DaemonConfig(servers: [.switched("s", then: "--on-initialize silent")])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "s")
      let http = try daemon.http()
      #expect(try http.call("s.add_tool", #"{"name":"extra"}"#).status == 200)
      let before = try daemon.eventually("the new tool is listed") {
        let list = try http.list()
        return list.ids.contains("s.extra") ? list.entries : nil
      }
      #expect(try daemon.stop() == .code(0))
      try daemon.turnSwitch("s")
      try daemon.start()
      #expect(try daemon.http().list().entries == before)
    }
  }

  @Test("a server that lists something else now replaces what was remembered")
  func replaced() async throws {
    let config = DaemonConfig(servers: [
      .switched("s", "--resources 1", then: "--tools late --no-capabilities resources")
    ])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "s")
      #expect(try daemon.stop() == .code(0))
      try daemon.turnSwitch("s")
      try daemon.start()
      try daemon.wait(for: "s")
      let http = try daemon.http()
      #expect(try http.list().ids.contains("s.late"))
      #expect(try http.list("resources").ids.isEmpty)
      #expect(try http.post("/v1/resources/read", #"{"resource_id":"s.fake://resource/1"}"#).status == 404)
    }
  }

  @Test("duplicate ids are told after a restart as before")
  func duplicates() async throws {
    let config = DaemonConfig(servers: [.fake("x", "--tools", "y.echo,twice,twice"), .fake("x.y")])
    try await DaemonFixture.run(config) { daemon in
      func check(_ list: SurfaceHTTPClient.Answer) {
        #expect(
          list.readiness("x.y")?.member("message")?.string
            == #"Server "x.y" is ready, but: "x.y.echo" is omitted, server "x" has that id."#)
        #expect(
          list.readiness("x")?.member("message")?.string
            == #"Server "x" is ready, but: "x.twice" is listed more than once, the first counts."#)
        #expect(list.readinessCode("x") == "ready" && list.readinessCode("x.y") == "ready")
      }
      for start in 1...2 {
        if start == 2 {
          #expect(try daemon.stop() == .code(0))
          try daemon.start()
        }
        try daemon.wait(for: "x", toBe: "degraded")
        try daemon.wait(for: "x.y", toBe: "degraded")
        check(try daemon.http().list())
        for server in ["x", "x.y"] {
          try daemon.waitForLog("duplicate public id omitted") { $0.member("server_id")?.string == server }
        }
      }
    }
  }

  @Test("many servers, one of them hung: all is listed right after the start")
  func many() async throws {
    let config = DaemonConfig(
      servers: [.switched("hung", then: "--on-initialize silent")] + (1...99).map { .demo("s\($0)") },
      members: ["daemon": #"{"startsPerCore": 8}"#, "listWaitMs": "30000"])
    try await DaemonFixture.run(config) { daemon in
      let (first, firstTime) = try Self.timed { try daemon.http().list() }
      #expect(first.ids.count == 99 * 5 + 20, "\(first.text.suffix(2000))")
      #expect(try daemon.stop(within: 40) == .code(0))
      try daemon.turnSwitch("hung")
      // As many at a time as by default.
      try daemon.write(DaemonConfig(servers: config.servers, members: ["listWaitMs": "30000"]))
      let (list, time) = try Self.timed {
        try daemon.start()
        return try Self.timed { try daemon.http().list() }
      }
      print(
        "\(config.servers.count) servers: list of the first start \(firstTime) ms, of the second \(list.milliseconds) ms,",
        "with the start of the daemon and one status \(time) ms")
      #expect(list.0.entries == first.entries)
      #expect(list.0.readinessCode("hung") == "starting")
      #expect(list.milliseconds < 1000)
    }
  }
}
