import Foundation
import Glibc
import Protocol
import Testing

/// `logs` with real daemons.
@Suite("logs", .timeLimit(.minutes(5)))
struct OnDemandLogTests {
  private static let two = DaemonConfig(servers: [.demo("one"), .demo("two")])

  private static func records(_ text: String) throws -> [JSONSlice] {
    try text.split(separator: "\n").map { line throws in try JSONSlice(validating: Array(line.utf8)) }
  }

  @Test func recordsOfAllOrOfOneServer() async throws {
    try await OnDemandFixture.run(Self.two) { fixture in
      for server in ["one", "two"] {
        #expect(try await fixture.shell.run(["call-capability", "\(server).count"]).code == 0)
      }
      let all = try Self.records(try await fixture.shell.run(["logs"]).output)
      let servers = Set(all.compactMap { $0.member("fields")?.member("server_id")?.string })
      #expect(servers == ["one", "two"])
      #expect(all.contains { $0.member("fields")?.member("message")?.string == "booting upstream MCP servers" })
      let one = try Self.records(try await fixture.shell.run(["logs", "one"]).output)
      #expect(one.count >= 4)
      #expect(one.allSatisfy { $0.member("fields")?.member("server_id")?.string == "one" })
      // The same as in the file.
      let file = fixture.text(of: try fixture.logPath).split(separator: "\n")
      for record in one { #expect(file.contains { $0.utf8.elementsEqual(record.bytes) }) }
      let unknown = try await fixture.shell.run(["logs", "three"])
      #expect(unknown.code == 1)
      #expect(unknown.error == "Error: The config has no server \"three\", and no record is about one.\n")
    }
  }

  @Test(arguments: [true, false])
  func followersSeeRecordsAsTheyComeUntilTheDaemonEnds(_ isOnTerminal: Bool) async throws {
    try await OnDemandFixture.run(Self.two) { fixture in
      #expect(try await fixture.shell.run(["call-capability", "one.count"]).code == 0)
      let following = try fixture.shell.start(["logs", "-f", "one"])
      try await fixture.eventually("it follows") {
        let clients = try await fixture.status().member("clients").map { Array($0.elements) } ?? []
        return clients.count == 2
      }
      for number in 0..<20 {
        let id = "mark-\(number)"
        #expect(try await fixture.shell.run(["call-capability", "one.count", "--request-id", id]).code == 0)
        #expect(try await fixture.shell.run(["call-capability", "two.count", "--request-id", id]).code == 0)
      }
      #expect(try await fixture.shell.run(["stop"]).code == 0)
      let result = try await following.result()
      #expect(result.code == 0)
      #expect(result.error == "The daemon has ended.\n")
      let records = try Self.records(result.output).compactMap { $0.member("fields") }
      #expect(records.allSatisfy { $0.member("server_id")?.string == "one" })
      let starts = records.filter { $0.member("message")?.string == "tool call start" }
      #expect(starts.dropFirst().map { $0.member("request_id")?.string } == (0..<20).map { "mark-\($0)" })
    }
  }

  @Test func aFollowerThatDoesNotReadIsDropped() async throws {
    let config = DaemonConfig(servers: [.demo("demo")])
    try await DaemonFixture.run(config) { daemon in
      let stuck = try SurfaceControlClient(path: daemon.controlSocket)
      try stuck.hello()
      try stuck.send("logs", #"{"follow": true}"#)
      // Long ids make long records; 16 MiB may wait.
      let id = "\"\(String(repeating: "x", count: 500_000))\""
      let http = try daemon.http()
      for _ in 0..<40 { #expect(try http.call("demo.count", "{}", requestID: id).status == 200) }
      try daemon.waitForLog("a reader of the log does not read")
      // A record in the foreground's log, and other readers are served.
      let other = try SurfaceControlClient(path: daemon.controlSocket)
      try other.hello()
      let count = try other.request("logs").member("body")?.member("records")?.int ?? 0
      #expect(count > 0)
      for _ in 0..<count { #expect(try other.message().member("method")?.string == "log") }
    }
  }
}
