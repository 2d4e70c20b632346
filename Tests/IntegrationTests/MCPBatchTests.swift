import Foundation
import Platform
import Protocol
import Testing

/// JSON-RPC batches, which revision 2025-03-26 has and no other (mcp-checklist SRV-52).
@Suite("MCP: batches", .timeLimit(.minutes(5)))
struct MCPBatchTests {
  private static func call(_ id: String, _ capability: String, _ arguments: String = "{}") -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"capability_call","#
      + #""arguments":{"capability_id":"\#(capability)","args":\#(arguments)}}}"#
  }

  private static func ping(_ id: String) -> String { #"{"jsonrpc":"2.0","id":\#(id),"method":"ping"}"# }

  @Test("all answers of a batch come as one array, errors included, and notifications have none")
  func oneArray() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")])) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPClient(daemon)
      try client.open("2025-03-26")
      let confirmed = #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#
      let initialize = #"{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-03-26"}}"#
      let messages = [
        Self.call(#""slow""#, "fake.sleep", #"{"ms":150}"#), Self.ping("7"), confirmed, "1", initialize,
        Self.call(#""7""#, "fake.echo", #"{"é":1.0}"#), Self.ping("7"), #"{"jsonrpc":"2.0","id":9,"result":{}}"#,
        #"{"jsonrpc":"2.0","id":8,"method":"no/such"}"#, #"{"id":5}"#, "[\(Self.ping("6"))]",
      ]
      try client.send(" [" + messages.joined(separator: " ,\t") + "] ")
      let slow = try client.answer(#""slow""#)
      #expect(slow.text?.contains(#""ok":true"#) == true)
      // 7 twice, one of them refused: of two requests with one id only the first counts.
      let sevens = [try client.answer("7"), try client.answer("7")]
      #expect(sevens.compactMap(\.code) == [-32600] && sevens.count { $0.result != nil } == 1)
      #expect(try client.answer(#""7""#).text?.contains(#"\"é\":1.0"#) == true)
      #expect(try client.answer(#""i""#).code == -32600)
      #expect(try client.answer("8").code == -32601)
      for _ in 0..<2 { #expect(try client.refusal().code == -32600) }
      #expect(try client.answer("5").code == -32600)
      #expect(client.batches == [9])
      // It goes on as before.
      #expect(try client.request("ping").result != nil)
      try client.send("[\(confirmed)]")
      try client.send("[\(Self.ping("70"))]")
      #expect(try client.answer("70").result != nil)
      #expect(client.batches == [9, 1])
      try client.closeInput()
      #expect(try client.exitCode() == 0)
    }
  }

  @Test("what is no batch, or too large, is refused as a whole", arguments: ["2025-03-26", "2025-06-18", "2024-11-05"])
  func refused(revision: String) async throws {
    try await DaemonFixture.run(DaemonConfig()) { daemon in
      let client = try MCPClient(daemon)
      // Before a revision is agreed upon there are none either.
      try client.send("[\(Self.ping("1"))]")
      #expect(try client.refusal().code == -32600)
      try client.open(revision)
      var bad = ["[]", "[" + Array(repeating: Self.ping("2"), count: 1025).joined(separator: ",") + "]"]
      if revision != "2025-03-26" { bad.append("[\(Self.ping("3"))]") }
      for line in bad { try client.send(line) }
      for _ in bad { #expect(try client.refusal().code == -32600) }
      try client.send("[\(Self.ping("4"))")
      #expect(try client.refusal().code == -32700)
      #expect(try client.request("ping").result != nil)
      #expect(client.batches.isEmpty)
      try client.finish()
    }
  }

  @Test("a request of a batch that is cancelled gets no answer, and the others do not wait for it")
  func cancelled() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")])) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPClient(daemon)
      try client.open("2025-03-26")
      func cancel(_ id: String) -> String {
        #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id)}}"#
      }
      try client.send("[\(Self.call("1", "fake.sleep", #"{"ms":60000}"#)),\(Self.ping("2"))]")
      try daemon.eventually("it runs") { try daemon.worker("fake").member("in_flight")?.int == 1 ? true : nil }
      try client.send(cancel("1"))
      #expect(try client.answer("2").result != nil)
      // Within one batch, and by another one.
      try client.send("[\(Self.call("3", "fake.sleep", #"{"ms":60000}"#)),\(cancel("3")),\(Self.ping("4"))]")
      #expect(try client.answer("4").result != nil)
      try client.send("[\(Self.call("5", "fake.sleep", #"{"ms":60000}"#))]")
      try client.send("[\(cancel("5")),\(Self.ping("6"))]")
      #expect(try client.answer("6").result != nil)
      #expect(client.batches == [1, 1, 1])
      try daemon.eventually("nothing runs") { try daemon.worker("fake").member("in_flight")?.int == 0 ? true : nil }
      try client.closeInput()
      #expect(try client.exitCode() == 0)
    }
  }

  @Test("a batch outlives its daemon, and its answers are one array all the same")
  func newDaemon() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake", "--journal", "journal")])) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPClient(daemon, "--no-start")
      try client.open("2025-03-26")
      try client.send("[\(Self.call("1", "fake.sleep", #"{"ms":1200}"#)),\(Self.ping("2"))]")
      try daemon.eventually("it runs") { try daemon.worker("fake").member("in_flight")?.int == 1 ? true : nil }
      daemon.signal(SIGKILL)
      try daemon.waitForExit()
      try client.send("[\(Self.ping("3"))]")
      try daemon.start()
      #expect(try client.answer("1").text?.contains(#""ok":true"#) == true)
      #expect(try client.answer("2").result != nil)
      #expect(try client.answer("3").result != nil)
      #expect(client.batches.sorted() == [1, 2])
      try client.closeInput()
      #expect(try client.exitCode() == 0)
      let calls = daemon.text(of: "\(daemon.directory)/journal").split(separator: "\n")
      #expect(calls.count { $0.hasPrefix("recv ") && $0.contains("tools/call") } == 1)
    }
  }

  @Test("at the end of its input the bridge gives what it has of a batch")
  func endOfInput() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")])) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPClient(daemon)
      try client.open("2025-03-26")
      try client.send("[\(Self.call("1", "fake.sleep", #"{"ms":60000}"#)),\(Self.ping("2"))]")
      try client.closeInput()
      let rest = try client.readToEnd()
      #expect(rest.compactMap { $0.message.member("id")?.int } == [2])
      #expect(client.batches == [1])
      #expect(try client.exitCode() == 0)
    }
  }
}
