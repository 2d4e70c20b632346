import Glibc
import Platform
import Protocol
import Testing

/// Whatever an upstream started dies with it, however it hides. The fixture itself fails a test after which a process
/// with the test's variable in its environment is left; these tests are about those that hide from that, too.
@Suite("process trees", .timeLimit(.minutes(5)))
struct SupervisionTreeTests {
  enum End: String, CaseIterable, Sendable { case worker, upstream, stop }

  /// Ways to flee: a session of its own with all descriptors closed and SIGTERM ignored; and without any environment,
  /// so that only its ancestry tells whose it is.
  enum Flight: String, CaseIterable, Sendable {
    case escaped, naked

    var server: DaemonConfig.Server {
      switch self {
      case .escaped: .fake("runaway", "--escape", "runaway.pid")
      case .naked:
        DaemonConfig.Server(
          id: "runaway", command: "/bin/sh",
          arguments: [
            "-c",
            """
            (env -i setsid sh -c 'trap "" TERM HUP; echo $$ > runaway.new; mv runaway.new runaway.pid; \
            exec sleep 3600' < /dev/null > /dev/null 2>&1 &)
            exec "$0"
            """,
            DaemonFixture.program("warmplane-fake-upstream"),
          ])
      }
    }
  }

  @Test("nothing of an upstream outlives it", arguments: Flight.allCases, End.allCases)
  func nothingIsLeft(of flight: Flight, after end: End) async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [flight.server, .fake("other")])) { daemon in
      let row = try daemon.wait(for: "runaway")
      let other = try daemon.wait(for: "other").member("upstream_pid")?.int
      let runaway = try daemon.pid(in: "runaway.pid")
      #expect(DaemonFixture.isAlive(runaway))
      switch end {
      case .worker: kill(Int32(try #require(row.member("worker_pid")?.int)), SIGKILL)
      case .upstream: kill(Int32(try #require(row.member("upstream_pid")?.int)), SIGKILL)
      case .stop: daemon.signal(SIGTERM)
      }
      let elapsed = try daemon.waitForEnd(of: runaway)
      DaemonFixture.report("\(flight.rawValue) process gone after \(end.rawValue)", elapsed)
      if end == .stop {
        #expect(try daemon.waitForExit() == .code(0))
      } else {
        // The next one starts clean, and the sweep spared the neighbour.
        #expect(try daemon.call("runaway.count").content == "1")
        #expect(try daemon.worker("other").member("upstream_pid")?.int == other)
        let next = try daemon.eventually(within: 10, "the next runaway") {
          let pid = try daemon.pid(in: "runaway.pid")
          return pid != runaway ? pid : nil
        }
        #expect(try daemon.stop() == .code(0))
        #expect(!DaemonFixture.isAlive(next))
      }
    }
  }

  @Test("an upstream deaf to end of input and SIGTERM is killed in the time that stopGraceMs gives")
  func stubbornUpstream() async throws {
    var config = DaemonConfig(servers: [
      .fake("stubborn", "--ignore-term", "--ignore-eof", "--journal", "stubborn.journal"),
      .fake("polite", "--journal", "polite.journal"),
    ])
    config.members = ["daemon": #"{"stopGraceMs":200}"#]
    try await DaemonFixture.run(config) { daemon in
      let pid = Int32(try #require(try daemon.wait(for: "stubborn").member("upstream_pid")?.int))
      try daemon.wait(for: "polite")
      let elapsed = try DaemonFixture.milliseconds { () throws in #expect(try daemon.stop() == .code(0)) }
      DaemonFixture.report("stop with a stubborn upstream and a grace of 200 ms", elapsed)
      #expect(elapsed >= 400 && elapsed < 6000)
      #expect(!DaemonFixture.isAlive(pid))
      // The steps of the ladder, in their order; the polite one needs the first only.
      #expect(daemon.lines(of: "stubborn.journal").suffix(2) == ["eof", "term"])
      #expect(daemon.lines(of: "polite.journal").suffix(2) == ["eof", "exit"])
    }
  }

  @Test("a child that an upstream started and forgot dies with it")
  func grandchild() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("parent")])) { daemon in
      let row = try daemon.wait(for: "parent")
      #expect(try daemon.call("parent.grandchild", #"{"file":"grandchild.pid"}"#).status == 200)
      let grandchild = try daemon.pid(in: "grandchild.pid")
      kill(Int32(try #require(row.member("upstream_pid")?.int)), SIGKILL)
      DaemonFixture.report("grandchild gone after its upstream", try daemon.waitForEnd(of: grandchild))
    }
  }
}
