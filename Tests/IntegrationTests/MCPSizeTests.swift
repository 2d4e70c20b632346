import Protocol
import Testing

/// Results that are large for an MCP answer, where they stand twice.
@Suite("MCP: large results", .timeLimit(.minutes(5)))
struct MCPSizeTests {
  @Test("what does not fit says how large it is, and the other surfaces give it")
  func tooLarge() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake", members: ["timeout": "60000"])])) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPClient(daemon)
      try client.open("2025-11-25")
      func call(_ bytes: Int) throws -> MCPClient.Received {
        try client.call(
          "capability_call", #"{"capability_id":"fake.big","args":{"bytes":\#(bytes)},"request_id":"r"}"#, within: 60)
      }
      let fits = try call(16 << 20)
      #expect(fits.isError == false && (fits.text?.utf8.count ?? 0) > 16 << 20)
      let failed = try call(40 << 20)
      let body = failed.body
      #expect(failed.isError == true && body?.member("request_id")?.string == "r")
      #expect(body?.member("trace_id")?.string?.count == 32)
      let error = body?.member("error")
      #expect(error?.member("code")?.string == "UPSTREAM_ERROR" && error?.member("retryable")?.bool == false)
      let message = error?.member("message")?.string ?? ""
      #expect(message.contains("419") && message.contains("838") && message.contains("67108864"), "\(message)")
      #expect(message.contains("/v1"), "\(message)")
      #expect(try daemon.call("fake.big", #"{"bytes":41943040}"#).status == 200)
      try client.finish()
    }
  }

  @Test("ids that would fill an answer are refused, and nobody else notices")
  func hugeIDs() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")])) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPClient(daemon)
      try client.open("2025-11-25")
      let long = String(repeating: "a", count: 34 << 20)
      let call = try client.call(
        "capability_call", #"{"capability_id":"fake.echo","args":{},"request_id":"\#(long)"}"#, within: 60)
      #expect(call.isError == true && call.body?.member("error")?.member("reason")?.string == "invalid_field")
      #expect(call.body?.member("request_id")?.isNull == true)
      // As long as a frame can be.
      let shell = #"{"jsonrpc":"2.0","id":"","method":"x"}"#
      let id = String(repeating: "a", count: Frame.maximumLength - shell.utf8.count)
      try client.send(#"{"jsonrpc":"2.0","id":"\#(id)","method":"x"}"#)
      #expect(try client.refusal().code == -32600)
      #expect(try client.call("capability_call", #"{"capability_id":"fake.echo","args":{}}"#).isError == false)
      #expect(try daemon.call("fake.echo").status == 200)
      try client.finish()
    }
  }
}
