import Protocol
import Testing

/// `GET /v1/capabilities`: what is listed, under which id, and what is said of each server.
@Suite("lists", .timeLimit(.minutes(5)))
struct SurfaceListTests {
  private static func ids(_ list: JSONSlice) -> [String] {
    list.member("capabilities")?.elements.compactMap { $0.member("id")?.string } ?? []
  }

  private static func readiness(_ list: JSONSlice, _ server: String) -> JSONSlice? {
    list.member("server_readiness")?.elements.first { $0.member("server")?.string == server }
  }

  private static func keys(_ object: JSONSlice?) -> [String] { object?.members.compactMap { $0.key.string } ?? [] }

  @Test("a list is sorted by id in byte order, without denied ids, with one readiness row per server")
  func order() async throws {
    let config = DaemonConfig(
      servers: [
        .fake("zeta", "--tools", "Ä,ä,a/b,Z"), .demo("alpha"), .fake("off", members: ["disabled": "true"]),
        .fake("exits", "--exit-at-start", "1"),
      ],
      members: [
        "policy": #"{"allow": ["zeta.*", "alpha.*", "*sum"], "deny": ["zeta.c*", "alpha.now"]}"#,
        "capabilityAliases": #"{"alpha.add": "*sum", "zeta.echo": "echo", "alpha.nothing": "ghost"}"#,
      ])
    try await DaemonFixture.run(config) { daemon in
      let answer = try daemon.http().get("/v1/capabilities")
      let list = answer.json
      #expect(answer.text.hasPrefix(#"{"version":"v1","capabilities":[{"id":"*sum","summary":""#), "\(answer.text)")
      #expect(Self.keys(list) == ["version", "capabilities", "server_readiness"])
      let ids = Self.ids(list)
      #expect(ids == ids.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
      // An alias replaces its id, and is what the policy sees.
      #expect(
        Set(ids).isSuperset(of: ["*sum", "alpha.count", "alpha.echo", "zeta.Z", "zeta.a/b", "zeta.Ä", "zeta.sleep"]))
      let absent = [
        "alpha.add", "zeta.echo", "echo", "ghost", "alpha.now", "zeta.count", "zeta.crash", "zeta.cancelled",
      ]
      #expect(Set(ids).isDisjoint(with: absent))
      for item in list.member("capabilities")!.elements {
        let keys = Self.keys(item)
        #expect(keys.filter { $0 != "read_only" } == ["id", "summary", "server", "tool", "tags"])
        let tags = item.member("tags")?.elements.compactMap { $0.string } ?? []
        #expect(tags == [item.member("server")?.string ?? ""])
      }
      let rows = list.member("server_readiness")!
      #expect(rows.elements.compactMap { $0.member("server")?.string } == ["alpha", "exits", "off", "zeta"])
      #expect(
        rows.elements.compactMap { $0.member("code")?.string } == [
          "ready", "transport_unavailable", "disabled", "ready",
        ])
      #expect(rows.elements.compactMap { $0.member("retryable")?.bool } == [false, true, false, false])
      for row in rows.elements {
        #expect(Self.keys(row) == ["server", "code", "message", "retryable"])
        #expect(row.member("message")?.string?.contains(#""\#(row.member("server")?.string ?? "")""#) == true)
      }
      // What is listed can be described and called, also with a slash; what is not, cannot.
      let http = try daemon.http()
      let sum = try http.get("/v1/capabilities/*sum").json.member("capability")
      #expect(sum?.member("server")?.string == "alpha" && sum?.member("tool")?.string == "add")
      #expect(try http.call("*sum", #"{"a":2,"b":3}"#).content == "5")
      #expect(try http.get("/v1/capabilities/zeta.a%2fb").status == 200)
      #expect(try http.get("/v1/capabilities/zeta.%C3%84").status == 200)
      #expect(try http.call("zeta.a/b").status == 200)
      #expect(try http.call("alpha.add").status == 404)
      #expect(try http.call("zeta.echo").status == 404)
      #expect(try http.call("echo").status == 403)
    }
  }

  @Test("the summary is the first sentence, or says that there is none")
  func summary() async throws {
    let config = DaemonConfig(servers: [.fake("fake", "--long-line", "3000"), .demo("demo")])
    try await DaemonFixture.run(config) { daemon in
      let list = try daemon.http().get("/v1/capabilities").json
      for item in list.member("capabilities")!.elements {
        let summary = item.member("summary")?.string ?? ""
        #expect((1...160).contains(summary.count), "\(summary)")
        #expect(!summary.contains { $0.isNewline }, "\(summary)")
      }
      let first = list.member("capabilities")!.elements.first { $0.member("id")?.string == "fake.echo" }
      #expect(first?.member("summary")?.string == String(repeating: "d", count: 159) + "…")
      let whole = try daemon.http().get("/v1/capabilities/fake.echo").json.member("capability")
      #expect(whole?.member("description")?.string?.count == 3000)
    }
  }

  @Test("of two tools with the same id the first server's stays, and the other is named")
  func duplicates() async throws {
    // The first in the configuration is the last to be there.
    let config = DaemonConfig(
      servers: [.fake("x", "--tools", "y.echo", "--slow-start", "400"), .fake("x.y"), .fake("late")],
      members: ["capabilityAliases": #"{"late.count": "x.count"}"#])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "x")
      try daemon.wait(for: "x.y", toBe: "degraded")
      let http = try daemon.http()
      let list = try http.get("/v1/capabilities").json
      #expect(Self.ids(list).filter { $0 == "x.y.echo" || $0 == "x.count" } == ["x.count", "x.y.echo"])
      for (id, keeper, loser) in [("x.y.echo", "x", "x.y"), ("x.count", "x", "late")] {
        #expect(try http.get("/v1/capabilities/\(id)").json.member("capability")?.member("server")?.string == keeper)
        let row = Self.readiness(list, loser)
        #expect(row?.member("code")?.string == "ready")
        #expect(row?.member("message")?.string?.contains(#""\#(id)""#) == true, "\(row?.bytes.description ?? "")")
        try daemon.waitForLog("duplicate public id omitted") {
          $0.member("server_id")?.string == loser && $0.member("id")?.string == id
            && $0.member("kept_by")?.string == keeper
        }
      }
      #expect(Self.readiness(list, "x")?.member("message")?.string?.contains("x.y.echo") == false)
      #expect(try http.call("x.y.echo").status == 200)
      let record = try daemon.waitForLog("tool call success")
      #expect(record.member("server_id")?.string == "x")
    }
  }

  @Test("a list waits for servers in their first start, and for no others")
  func waiting() async throws {
    let config = DaemonConfig(servers: [
      .fake("fast"), .fake("slow", "--slow-start", "700"), .fake("exits", "--exit-at-start", "1"),
    ])
    try await DaemonFixture.run(config) { daemon in
      let http = try daemon.http()
      let hasty = try http.get("/v1/capabilities?wait=0").json
      #expect(Self.readiness(hasty, "slow")?.member("code")?.string == "starting")
      #expect(!Self.ids(hasty).contains("slow.echo"))
      let patient = try http.get("/v1/capabilities?x=1&wait=30000").json
      #expect(Self.readiness(patient, "slow")?.member("code")?.string == "ready")
      #expect(Self.ids(patient).contains("slow.echo") && Self.ids(patient).contains("fast.echo"))
      #expect(Self.readiness(patient, "exits")?.member("code")?.string == "transport_unavailable")
      #expect(try http.get("/v1/capabilities").status == 200)
    }
  }

  @Test("a list waits not longer than listWaitMs, or what the client allows")
  func notLonger() async throws {
    let config = DaemonConfig(
      servers: [.fake("fast"), .fake("stuck", "--slow-start", "60000")], members: ["listWaitMs": "600"])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "fast")
      let http = try daemon.http()
      for target in ["/v1/capabilities", "/v1/capabilities?wait=900", "/v1/capabilities?wait=1", "/v1/capabilities"] {
        let list = try http.get(target).json
        #expect(Self.readiness(list, "stuck")?.member("code")?.string == "starting", "\(target)")
        #expect(Self.ids(list).contains("fast.echo"), "\(target)")
      }
      // The wait counts from the attempt's beginning: by now it is over.
      #expect(try http.get("/v1/capabilities?wait=500").status == 200)
    }
  }

  @Test("a client that leaves while its list waits costs nothing")
  func leaving() async throws {
    let config = DaemonConfig(servers: [.fake("stuck", "--slow-start", "60000")], members: ["listWaitMs": "50000"])
    try await DaemonFixture.run(config) { daemon in
      let before = try daemon.restingDescriptorCount()
      for _ in 0..<20 {
        try daemon.http().send(SurfaceHTTPClient.bytes("GET", "/v1/capabilities"))
      }
      try daemon.eventually("the connections are closed") {
        DaemonFixture.descriptorCount(of: daemon.pid) <= before ? true : nil
      }
      // A stop answers who still waits.
      let http = try daemon.http()
      try http.send(SurfaceHTTPClient.bytes("GET", "/v1/capabilities"))
      try daemon.eventually("it is connected") {
        DaemonFixture.descriptorCount(of: daemon.pid) > before ? true : nil
      }
      daemon.signal(15)
      #expect(try http.answer().status == 200)
      #expect(try daemon.waitForExit() == .code(0))
    }
  }
}
