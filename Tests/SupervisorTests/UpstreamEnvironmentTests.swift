import Configuration
import Testing

@testable import Supervisor

/// What an upstream finds in its environment (design: never our tokens, systemd's conversation, or a secret variable).
@Suite struct UpstreamEnvironmentTests {
  private func make(
    _ inherited: [(name: String, value: String)], secrets: Set<String> = [], entry: [NamedValue] = []
  ) -> [String] {
    UpstreamEnvironment.make(inherited: inherited, secrets: secrets, entry: entry, programDirectory: "/opt/w")
  }

  @Test(arguments: [
    "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_USEC", "WATCHDOG_PID", "RUNTIME_DIRECTORY",
    "STATE_DIRECTORY", "INVOCATION_ID", "WARMPLANE_AUTH_TOKEN", "WARMPLANE_UPSTREAM",
  ])
  func oursStayHere(name: String) {
    #expect(make([(name, "x"), ("HOME", "/h"), ("PATH", "/bin")]) == ["HOME=/h", "PATH=/bin:/opt/w"])
  }

  @Test func secretsOfTheConfigurationStayHere() {
    #expect(make([("TOKEN", "s"), ("PATH", "/bin")], secrets: ["TOKEN"]) == ["PATH=/bin:/opt/w"])
  }

  @Test func theEntryWins() {
    let made = make(
      [("A", "1"), ("PATH", "/bin"), ("TOKEN", "s")], secrets: ["TOKEN"],
      entry: [NamedValue("A", "2"), NamedValue("TOKEN", "own")])
    #expect(made == ["PATH=/bin:/opt/w", "A=2", "TOKEN=own"])
  }

  @Test func aPathOfItsOwnIsExtendedToo() {
    #expect(make([("PATH", "/bin")], entry: [NamedValue("PATH", "/mine")]) == ["PATH=/mine:/opt/w"])
  }

  @Test func withoutPathThereIsADefault() {
    #expect(make([]) == ["PATH=/usr/local/bin:/usr/bin:/bin:/opt/w"])
  }
}
