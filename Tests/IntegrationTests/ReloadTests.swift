import Foundation
import Protocol
import Testing

/// `reload`: what changed is applied, and nothing else is touched (contract §1.7).
@Suite("reload", .timeLimit(.minutes(5)))
struct ReloadTests {
  private static func isConfigChanged(_ daemon: DaemonFixture) throws -> Bool? {
    try daemon.status().member("daemon")?.member("config_changed")?.bool
  }

  private static func pids(_ daemon: DaemonFixture, _ server: String) throws -> [Int?] {
    let row = try daemon.worker(server)
    return [row.member("worker_pid")?.int, row.member("upstream_pid")?.int]
  }

  @Test("servers are added, removed and changed; unchanged ones keep their processes and their state")
  func servers() async throws {
    let config = DaemonConfig(
      servers: [.fake("keep"), .fake("change", "--resources", "1", "--journal", "journal"), .demo("gone")])
    try await DaemonFixture.run(config) { daemon in
      for server in ["keep", "change", "gone"] { try daemon.wait(for: server) }
      let http = try daemon.http()
      #expect(try http.call("keep.count").content == "1")
      let (kept, changed) = try (Self.pids(daemon, "keep"), Self.pids(daemon, "change"))
      #expect(try Self.isConfigChanged(daemon) == false)

      var next = config
      next.servers = [.demo("new"), .fake("change", "--tools", "more", "--journal", "journal"), .fake("keep")]
      try daemon.write(next)
      #expect(try Self.isConfigChanged(daemon) == true)
      // An edited file is not applied by itself.
      #expect(try http.call("gone.echo").status == 200)
      let result = try daemon.warmplane("reload")
      #expect(result.exit == .code(0))
      #expect(result.output == #"{"ok":true,"added":["new"],"removed":["gone"],"changed":["change"]}"# + "\n")
      #expect(result.error.isEmpty)
      #expect(try Self.isConfigChanged(daemon) == false)

      #expect(try http.call("gone.echo").code == "TOOL_NOT_FOUND")
      let list = try daemon.eventually("the changed and the new server are listed") {
        let list = try http.list()
        return list.ids.contains("change.more") && list.ids.contains("new.add") ? list : nil
      }
      #expect(!list.ids.contains { $0.hasPrefix("gone.") })
      #expect(
        list.json.member("server_readiness")?.elements.compactMap { $0.member("server")?.string } == [
          "change", "keep", "new",
        ])
      #expect(try http.list("resources").ids == ["new.demo://about"])
      #expect(try Self.pids(daemon, "keep") == kept)
      #expect(try http.call("keep.count").content == "2")
      #expect(try Self.pids(daemon, "change") != changed)

      // One set of processes: what was there before ended before its successor began.
      try daemon.wait(for: "change")
      let events = daemon.text(of: "\(daemon.directory)/journal").split(separator: "\n").map {
        $0.split(separator: " ")[0]
      }
      let starts = events.indices.filter { events[$0] == "start" }
      #expect(starts.count == 2, "\(events)")
      #expect(events[..<(starts.last ?? 0)].last == "exit", "\(events)")
      try daemon.eventually("the removed server's processes are gone") {
        daemon.processes().values.filter { $0.contains("warmplane-demo-server") }.count == 1 ? true : nil
      }
      #expect(daemon.processes().values.filter { $0.contains("warmplane-worker") }.count == 3)

      // The same file once more, and once more with other spaces and another order, changes nothing.
      #expect(try daemon.warmplane("reload").output == #"{"ok":true,"added":[],"removed":[],"changed":[]}"# + "\n")
      next.servers.reverse()
      let text = next.text.replacingOccurrences(of: ": ", with: " :\n\t")
      try Data(text.utf8).write(to: URL(fileURLWithPath: daemon.configPath))
      #expect(try daemon.warmplane("reload").output == #"{"ok":true,"added":[],"removed":[],"changed":[]}"# + "\n")
      #expect(try http.call("keep.count").content == "3")
    }
  }

  @Test("aliases, policy and timeouts apply at once, and no process is touched")
  func settings() async throws {
    let config = DaemonConfig(servers: [.fake("a", "--resources", "1", "--prompts", "1"), .fake("b")])
    try await DaemonFixture.run(config) { daemon in
      var config = config
      try daemon.wait(for: "a")
      try daemon.wait(for: "b")
      let before = try Self.pids(daemon, "a") + Self.pids(daemon, "b")
      func reload(_ members: [String: String], _ change: (inout DaemonConfig) -> Void = { _ in }) throws {
        config.members = members
        change(&config)
        try daemon.write(config)
        let result = try daemon.warmplane("reload")
        #expect(result.output == #"{"ok":true,"added":[],"removed":[],"changed":[]}"# + "\n", "\(result)")
      }
      let http = try daemon.http()
      try reload([
        "capabilityAliases": #"{"a.echo": "say"}"#, "resourceAliases": #"{"a.fake://resource/1": "one"}"#,
        "promptAliases": #"{"a.prompt_1": "write"}"#, "policy": #"{"deny": ["b.count", "a.pid"]}"#,
      ])
      #expect(try http.call("say").status == 200)
      #expect(try http.call("a.echo").code == "TOOL_NOT_FOUND")
      #expect(try http.call("b.count").reason == "policy_denied")
      #expect(try http.list("resources").ids == ["one"])
      #expect(try http.list("prompts").ids == ["write"])
      let ids = try http.list().ids
      #expect(ids.contains("say") && !ids.contains("a.echo") && !ids.contains("b.count") && !ids.contains("a.pid"))

      try reload(["toolTimeoutMs": "250", "maxBodyBytes": "4194304"])
      #expect(try http.call("a.echo").status == 200)
      #expect(try http.call("say").code == "TOOL_NOT_FOUND")
      #expect(try http.call("b.count").status == 200)
      let late = try http.call("a.sleep", #"{"ms":20000}"#)
      #expect(late.status == 504 && late.message?.contains("timed out after 250ms") == true, "\(late.text)")
      try reload(["toolTimeoutMs": "20000"]) { $0.servers[0].members["timeout"] = "150" }
      let own = try http.call("a.sleep", #"{"ms":20000}"#)
      #expect(own.status == 504 && own.message?.contains("timed out after 150ms") == true, "\(own.text)")
      #expect(try http.call("b.sleep", #"{"ms":300}"#).status == 200)

      #expect(try Self.pids(daemon, "a") + Self.pids(daemon, "b") == before)
    }
  }

  @Test("a bad file changes nothing, and every problem is told with its position")
  func invalid() async throws {
    let config = DaemonConfig(
      servers: [.fake("fake")], members: ["capabilityAliases": #"{"fake.echo": "say"}"#])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "fake")
      let pids = try Self.pids(daemon, "fake")
      let texts = [
        "{\n  \"port\": -1,\n  \"toolTimeoutMs\": \"x\",\n  \"mcpServers\": {\n    \"fake\": {},\n    \"z\": {\"command\": \"x\", \"url\": \"y\"}\n  }\n}\n",
        "{\"mcpServers\": {},}", "", "[]", "{}",
      ]
      for (index, text) in texts.enumerated() {
        try Data(text.utf8).write(to: URL(fileURLWithPath: daemon.configPath))
        let expected = try daemon.warmplane("validate-config")
        let result = try daemon.warmplane("reload")
        #expect(result.exit == .code(1), "\(text)")
        #expect(result.output.isEmpty, "\(text)")
        #expect(result.error == expected.error && !result.error.isEmpty, "\(text): \(result.error)")
        if index == 0 {
          let positions = result.error.split(separator: "\n").map {
            $0.split(separator: ": ")[0].dropFirst(daemon.configPath.count)
          }
          #expect(positions == [":2:11", ":3:20", ":5:13", ":6:10"], "\(result.error)")
        }
        #expect(try daemon.call("say").status == 200)
        #expect(try Self.isConfigChanged(daemon) == true)
      }
      try FileManager.default.removeItem(atPath: daemon.configPath)
      #expect(try daemon.call("say").status == 200)
      try daemon.write(config)
      #expect(try daemon.warmplane("reload").output == #"{"ok":true,"added":[],"removed":[],"changed":[]}"# + "\n")
      #expect(try Self.isConfigChanged(daemon) == false)
      #expect(try Self.pids(daemon, "fake") == pids)
    }
  }

  @Test("a changed port or bind is reported and needs a new daemon")
  func portAndBind() async throws {
    let config = DaemonConfig(servers: [])
    try await DaemonFixture.run(config) { daemon in
      var config = config
      config.members = ["port": "1", "bind": #""::1""#]
      try daemon.write(config)
      let result = try daemon.warmplane("reload")
      #expect(result.exit == .code(0))
      #expect(
        result.output
          == #"{"ok":true,"added":[],"removed":[],"changed":[],"warnings":["port has changed and counts from the next "#
          + #"start of the daemon on","bind has changed and counts from the next start of the daemon on"]}"# + "\n")
      #expect(result.error.split(separator: "\n").count == 2)
      #expect(try daemon.http().list().status == 200)
      let address = try daemon.status().member("daemon")?.member("http")?.string
      #expect(address == "http://127.0.0.1:\(daemon.port)")
      // Warnings of the file itself are told too, with their positions.
      config.members = ["prot": "1"]
      try daemon.write(config)
      let warned = try daemon.warmplane("reload")
      #expect(warned.exit == .code(0))
      #expect(warned.error.contains(#"warning: /prot: unknown key "prot"; did you mean "port"?"#), "\(warned)")
    }
  }

  @Test("a server's calls end once when it is removed or changed, and other servers' calls do not notice")
  func duringCalls() async throws {
    let config = DaemonConfig(servers: [.fake("gone"), .fake("change"), .fake("keep")])
    try await DaemonFixture.run(config) { daemon in
      let servers = ["gone", "change", "keep"]
      for server in servers { try daemon.wait(for: server) }
      let clients = try servers.map { server in
        let http = try daemon.http()
        let milliseconds = server == "keep" ? 1500 : 60_000
        let body = SurfaceHTTPClient.callBody(
          "\(server).sleep", #"{"ms":\#(milliseconds)}"#, requestID: #""r-\#(server)""#)
        try http.send(
          SurfaceHTTPClient.bytes(
            "POST", "/v1/tools/call", headers: ["Content-Type: application/json"], body: Array(body.utf8)))
        return http
      }
      for server in servers {
        try daemon.eventually("\(server) has the call") {
          try daemon.worker(server).member("in_flight")?.int == 1 ? true : nil
        }
      }
      try daemon.write(DaemonConfig(servers: [.fake("change", "--tools", "x"), .fake("keep")]))
      #expect(try daemon.warmplane("reload").exit == .code(0))
      for (server, http) in zip(servers, clients) {
        let answer = try http.answer()
        if server == "keep" {
          #expect(answer.status == 200, "\(answer.text)")
        } else {
          #expect(answer.status == 503 && answer.code == "SERVER_UNREACHABLE", "\(server): \(answer.text)")
          #expect(answer.reason == "outcome_unknown" && answer.isRetryable == true, "\(server): \(answer.text)")
        }
        let ends = try daemon.eventually("the end is logged") {
          let records = try daemon.log().compactMap { $0.member("fields") }.filter {
            $0.member("request_id")?.string == "r-\(server)"
              && $0.member("message")?.string?.hasSuffix("start") == false
          }
          return records.isEmpty ? nil : records.count
        }
        #expect(ends == 1)
        // Nothing more comes on that connection, and it serves on.
        #expect(try http.call("keep.echo").status == 200)
      }
      try daemon.wait(for: "change")
      #expect(try daemon.call("change.x").status == 200)
    }
  }

  @Test("reloads in quick succession leave one set of processes, that of the last file")
  func manyReloads() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("a")])) { daemon in
      for round in 1...4 {
        try daemon.write(DaemonConfig(servers: [.fake("a", "--tools", "t\(round)"), .fake("b\(round)")]))
        let control = try SurfaceControlClient(path: daemon.controlSocket)
        try control.hello()
        #expect(try control.request("reload").member("body")?.member("ok")?.bool == true)
      }
      try daemon.wait(for: "a")
      try daemon.wait(for: "b4")
      let ids = try daemon.http().list().ids
      #expect(ids.contains("a.t4") && ids.contains("b4.echo") && !ids.contains("a.t3") && !ids.contains("b3.echo"))
      try daemon.eventually("two upstreams are left") {
        daemon.processes().values.filter { $0.contains("warmplane-fake-upstream") }.count == 2 ? true : nil
      }
    }
  }

  @Test(
    "what needs a new daemon is told at every reload; a misconfigured server that is only read again has not changed")
  func again() async throws {
    let config = DaemonConfig(servers: [.fake("unset", members: ["env": #"{"A": "${WARMPLANE_TEST_UNSET}"}"#])])
    try await DaemonFixture.run(config) { daemon in
      var config = config
      config.members = ["port": "1"]
      try daemon.write(config)
      let unchanged = #"{"ok":true,"added":[],"removed":[],"changed":[],"#
      for _ in 0..<2 {
        let result = try daemon.warmplane("reload")
        #expect(result.output.hasPrefix(unchanged + #""warnings":["port has changed"#), "\(result.output)")
        #expect(try daemon.worker("unset").member("state")?.string == "misconfigured")
      }
      config.members = [:]
      try daemon.write(config)
      // Back to what it listens on.
      #expect(try daemon.warmplane("reload").output == #"{"ok":true,"added":[],"removed":[],"changed":[]}"# + "\n")
    }
  }

  @Test("an edit that is not applied is one warning, at the next command that attaches")
  func edited() async throws {
    let config = DaemonConfig(servers: [.fake("a")])
    let message = "the configuration file has changed; `warmplane reload` applies it"
    try await DaemonFixture.run(config) { daemon in
      var config = config
      try daemon.wait(for: "a")
      func attach() throws { #expect(try daemon.warmplane("list-capabilities").exit == .code(0)) }
      try attach()
      #expect(try daemon.log(message).isEmpty)
      for round in 1...2 {
        config.servers.append(.fake("b\(round)", members: ["disabled": "true"]))
        try daemon.write(config)
        _ = try daemon.warmplane("status")
        #expect(try daemon.log(message).count == round - 1)
        try attach()
        try attach()
        let records = try daemon.log(message)
        #expect(records.count == round && records.last?.member("config")?.string == daemon.configPath)
        let result = try daemon.warmplane("reload")
        #expect(result.output == #"{"ok":true,"added":["b\#(round)"],"removed":[],"changed":[]}"# + "\n")
        try attach()
        #expect(try daemon.log(message).count == round)
      }
    }
  }
}
