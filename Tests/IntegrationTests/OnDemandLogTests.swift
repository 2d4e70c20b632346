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
      let id = "demo.\(String(repeating: "x", count: 500_000))"
      let http = try daemon.http()
      for _ in 0..<40 { #expect(try http.call(id, "{}").status == 404) }
      try daemon.waitForLog("a reader of the log does not read")
      // A record in the foreground's log, and other readers are served.
      let other = try SurfaceControlClient(path: daemon.controlSocket)
      try other.hello()
      try other.send("logs")
      var count = 0
      var answer: JSONSlice?
      while answer == nil {
        let message = try other.message()
        if message.member("method")?.string == "log" { count += 1 } else { answer = message }
      }
      #expect(count > 0 && answer?.member("result")?.member("body")?.member("records")?.int == count)
    }
  }

  @Test func recordsOfEarlierDaemonsComeFirstAndNoneTwice() async throws {
    try await OnDemandFixture.run(Self.two) { fixture in
      var pids: [String] = []
      for number in 0..<3 {
        let id = "mark-\(number)"
        #expect(try await fixture.shell.run(["call-capability", "one.count", "--request-id", id]).code == 0)
        pids.append("\(try await fixture.pid())")
        // The second one crashes, and says something.
        if number == 0 { #expect(try await fixture.shell.run(["stop"]).code == 0) }
        if number == 1 {
          let daemon = try #require(try fixture.daemons().first)
          kill(daemon, SIGKILL)
          try await fixture.eventually("it is gone") { try fixture.daemons().isEmpty }
          let log = try FileHandle(forWritingTo: URL(fileURLWithPath: try fixture.logPath))
          try log.seekToEnd()
          try log.write(contentsOf: Data("Fatal error: last words\n".utf8))
        }
      }
      #expect(Set(pids).count == 3)
      let records = try Self.records(try await fixture.shell.run(["logs"]).output)
      let texts = records.map { String(decoding: $0.bytes, as: UTF8.self) }
      #expect(Set(texts).count == texts.count, "a record twice")
      let fields = records.compactMap { $0.member("fields") }
      let marks = fields.filter { $0.member("message")?.string == "tool call success" }
      #expect(marks.map { $0.member("request_id")?.string } == ["mark-0", "mark-1", "mark-2"])
      let words = try #require(fields.firstIndex { $0.member("line")?.string == "Fatal error: last words" })
      let third = try #require(fields.firstIndex { $0.member("request_id")?.string == "mark-2" })
      #expect(words < third)
      #expect(try await !fixture.shell.run(["logs", "one"]).output.contains("last words"))
    }
  }

  /// The files together are much larger than what may wait for a reader.
  @Test func aReaderThatWaitsCostsTheDaemonLittle() async throws {
    try await DaemonFixture.run(DaemonConfig()) { daemon in
      let hash = daemon.controlSocket.split(separator: "/").dropLast().last ?? ""
      let directory = "\(daemon.directory)/state/warmplane/\(hash)"
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      let filler = String(repeating: "x", count: 1000)
      func file(_ start: Int) -> Data {
        Data(
          (start..<start + 12_000).map { number in
            #"{"timestamp":"t","level":"INFO","fields":{"message":"m\#(number)","x":"\#(filler)"},"target":"t"}"# + "\n"
          }.joined().utf8)
      }
      try file(0).write(to: URL(fileURLWithPath: "\(directory)/daemon.log.1"))
      try file(12_000).write(to: URL(fileURLWithPath: "\(directory)/daemon.log"))
      let before = DaemonFixture.memory(of: daemon.pid)
      let reader = try SurfaceControlClient(path: daemon.controlSocket)
      try reader.hello()
      try reader.send("logs", #"{"follow": true}"#)
      #expect(try reader.message().member("method")?.string == "log")
      // It is served as far as it reads, and others meanwhile.
      for _ in 0..<20 { _ = try daemon.status() }
      #expect(DaemonFixture.memory(of: daemon.pid) - before < 12 << 20)
      var count = 1
      while true {
        let message = try reader.message()
        guard message.member("method")?.string == "log" else {
          #expect(message.member("result")?.member("body")?.member("records")?.int == count)
          break
        }
        let text = message.member("params")?.member("record")?.member("fields")?.member("message")?.string
        if count < 24_000 { try #require(text == "m\(count)") }
        count += 1
      }
      #expect(count > 24_000)
      // It follows from there.
      _ = try? daemon.http().get("/nowhere")
      #expect(try daemon.call("nothing.at.all").status == 404)
      #expect(try reader.message().member("method")?.string == "log")
    }
  }
}
