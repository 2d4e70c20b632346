import Protocol
import Testing

/// Names are bytes: texts that only look the same, or that Unicode calls canonically equivalent, are different names.
@Suite("Names are bytes", .timeLimit(.minutes(5)))
struct ExactNamesTests {
  /// Canonically equivalent to "Kill": U+212A is the Kelvin sign.
  private static let kelvin = "\u{212A}ill"
  private static let composed = "caf\u{E9}"
  private static let decomposed = "cafe\u{301}"

  @Test("what a policy or a profile denies is not found under an equivalent name")
  func denied() async throws {
    var config = DaemonConfig(servers: [.fake("K", "--tools", "Kill", "--resources", "1", "--journal", "journal")])
    config.members["policy"] = #"{"deny":["K.Kill"]}"#
    config.members["profiles"] = #"{"no":{"deny":["K.echo","K.fake://resource/1"]}}"#
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "K")
      #expect(try daemon.call("K.Kill").status == 403)
      #expect(try daemon.call("K.\(Self.kelvin)").status == 404)
      #expect(try daemon.call("\u{212A}.Kill").status == 404)
      #expect(try daemon.call("\u{212A}.echo").status == 404)
      for exposure in ["full", "direct"] {
        let client = try MCPClient(daemon, "--server", "K", "--exposure", exposure)
        try client.open("2025-11-25")
        // In direct exposure the server is asked for what it does not list, and it knows no such tool.
        let names = exposure == "full" ? ["K__\(Self.kelvin)", "\u{212A}__Kill"] : [Self.kelvin]
        for name in names {
          let answer = try client.request("tools/call", #"{"name":"\#(name)","arguments":{}}"#)
          #expect(answer.code != nil || answer.isError == true, "\(name)")
        }
        try client.finish()
      }
      let everything = try MCPClient(daemon, "--exposure", "full")
      try everything.open("2025-11-25")
      let read = try everything.request("resources/read", #"{"uri":"warmplane://%E2%84%AA/fake%3A%2F%2Fresource%2F1"}"#)
      #expect(read.code != nil, "the server's id is bytes, too")
      try everything.finish()
      #expect(!daemon.lines(of: "journal").contains { $0.utf8Contains(#""Kill""#) || $0.contains("resources/read") })
    }
  }

  @Test("two names that Unicode calls equivalent are two tools", arguments: ["compact", "full", "direct"])
  func twoTools(exposure: String) async throws {
    let tools = "\(Self.composed),\(Self.decomposed)"
    let config = DaemonConfig(servers: [.fake("fake", "--tools", tools, "--journal", "journal")])
    try await DaemonFixture.run(config) { daemon in
      try daemon.wait(for: "fake")
      let client = try MCPClient(daemon, "--server", "fake", "--exposure", exposure)
      try client.open("2025-11-25")
      var names: [String] = []
      if exposure == "compact" {
        names = ["fake.\(Self.composed)", "fake.\(Self.decomposed)"]
      } else {
        let list = try client.request("tools/list").message.member("result")?.member("tools")
        names = list?.elements.compactMap { $0.member("name")?.string }.filter { $0.contains("caf") } ?? []
      }
      #expect(names.count == 2)
      for name in names {
        let answer =
          exposure == "compact"
          ? try client.callCapability(name, #"{"n":1}"#)
          : try client.request("tools/call", #"{"name":"\#(name)","arguments":{"n":1}}"#)
        #expect(answer.code == nil && answer.isError != true, "\(name)")
      }
      let calls = daemon.lines(of: "journal").filter { $0.contains("tools/call") }
      #expect(calls.count { $0.utf8Contains(Self.composed) } == 1)
      #expect(calls.count { $0.utf8Contains(Self.decomposed) } == 1)
      try client.finish()
    }
  }
}

extension String {
  /// By bytes, unlike `contains`.
  fileprivate func utf8Contains(_ part: String) -> Bool {
    let (text, part) = (Array(utf8), Array(part.utf8))
    guard text.count >= part.count else { return false }
    return (0...(text.count - part.count)).contains { text[$0...].starts(with: part) }
  }
}
