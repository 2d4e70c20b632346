import Testing

@Suite("the whole line", .timeLimit(.minutes(5)))
struct SurfaceSmokeTests {
  @Test("a call goes from HTTP to an upstream and back")
  func call() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake"), .demo("demo")])) { daemon in
      let answer = try daemon.call("fake.echo", #"{"a":1}"#)
      #expect(answer.status == 200)
      #expect(answer.content == #"{"a":1}"#)
      #expect(try daemon.call("demo.add", #"{"a":1,"b":2}"#).content == "3")
      try daemon.wait(for: "fake")
      // The daemon, two workers, two upstreams: what is said to be gone afterwards was seen before.
      #expect(daemon.processes().count == 5, "\(daemon.processes())")
      #expect(try daemon.stop() == .code(0))
    }
  }
}
