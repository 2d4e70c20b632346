import Glibc
import Platform
import Protocol
import Testing

/// Many sessions and streams, some of whose clients never read.
@Suite("MCP over HTTP: many clients", .serialized, .timeLimit(.minutes(5)))
struct MCPHTTPLoadTests {
  @Test("event streams leave room for requests")
  func manyStreams() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")])) { daemon in
      try daemon.wait(for: "fake")
      let opener = try MCPHTTPClient(daemon)
      var streams: [MCPHTTPClient] = []
      var refused = 0
      for _ in 0..<400 {
        opener.session = nil
        opener.revision = nil
        try opener.open()
        let client = try MCPHTTPClient(opener, port: daemon.port)
        let status = try client.request("GET", ["Accept: text/event-stream"]).status
        if status == 200 { streams.append(client) } else { refused += status == 503 ? 1 : 0 }
      }
      #expect(streams.count == 384 && refused == 16)
      #expect(try daemon.call("fake.echo").status == 200)
      #expect(try opener.post(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).status == 200)
      streams.removeLast()
      try daemon.eventually("there is room again") {
        let client = try MCPHTTPClient(opener, port: daemon.port)
        return try client.request("GET", ["Accept: text/event-stream"]).status == 200 ? true : nil
      }
    }
  }

  @Test("1,000 sessions, 200 open streams, and readers that are stuck")
  func manyClients() async throws {
    let initial = DaemonConfig(servers: [.fake("fake", "--prompts", "1")])
    try await DaemonFixture.run(initial) { daemon in
      try daemon.wait(for: "fake")
      let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
      let first = try MCPHTTPClient(daemon)
      try first.open()
      let descriptors = try daemon.restingDescriptorCount()
      let memory = DaemonFixture.memory(of: daemon.pid)

      let opener = try MCPHTTPClient(daemon)
      var sessions: [String] = []
      for _ in 0..<1000 {
        opener.session = nil
        opener.revision = nil
        try opener.open()
        sessions.append(try #require(opener.session))
      }
      #expect(Set(sessions).count == 1000)
      var streams = try sessions.prefix(200).map { session in
        let client = try MCPHTTPClient(daemon)
        client.session = session
        #expect(try client.request("GET", ["Accept: text/event-stream"]).status == 200)
        _ = try client.primingID()
        return client
      }
      // 4 MiB each, twice in an answer: more than the kernel takes for a client that does not read.
      var stuck = try sessions.suffix(10).map { session in
        let client = try MCPHTTPClient(daemon)
        client.session = session
        try client.begin(
          MCPHTTPClient.call(1, "fake.big", #"{"bytes":4194304}"#), ["Accept: text/event-stream"])
        return client
      }
      try daemon.eventually(within: 30, "all big answers are there") {
        try daemon.log("tool call success").count >= 10 ? true : nil
      }
      let began = MonotonicTime.now
      for session in sessions.prefix(300) {
        opener.session = session
        #expect(try opener.post(ping).status == 200)
      }
      let pace = MonotonicTime.now.milliseconds(since: began)
      #expect(pace < 3000, "300 requests took \(pace) ms")
      // 85 MiB of answers wait for those who do not read.
      let peak = DaemonFixture.memory(of: daemon.pid)
      #expect(peak < memory + 250 << 20, "\(peak >> 20) MiB")

      var config = initial
      config.members["policy"] = #"{"deny":["fake.prompt_1"]}"#
      try daemon.write(config)
      #expect(try daemon.runWarmplane(["reload", "--config", daemon.configPath]).exit == .code(0))
      for client in streams {
        #expect(try client.message()?.member("method")?.string == "notifications/prompts/list_changed")
      }

      stuck.removeAll()
      streams.removeAll()
      for session in sessions {
        opener.session = session
        #expect(try opener.request("DELETE").status == 200)
      }
      try daemon.eventually("all is given back") {
        let rows = try daemon.status().member("daemon")?.member("clients")?.elements
          .count { $0.member("kind")?.string == "http" }
        return rows == 1 ? true : nil
      }
      let left = try daemon.restingDescriptorCount()
      #expect(left <= descriptors + 1, "\(descriptors) before, \(left) after")
      var after = 0
      _ = try? daemon.eventually(within: 25, "the memory is given back") { () -> Bool? in
        after = DaemonFixture.memory(of: daemon.pid)
        return after < memory + 16 << 20 ? true : nil
      }
      #expect(after < memory + 16 << 20, "\(memory >> 20) MiB before, \(peak >> 20) at the most, \(after >> 20) after")
    }
  }
}
