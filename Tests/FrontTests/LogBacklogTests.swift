import Foundation
import Protocol
import Telemetry
import TestSupport
import Testing

@testable import Front

/// What readers of the log get that was noted before they came.
@Suite("log backlog")
struct LogBacklogTests {
  private static func record(_ number: Int, server: String? = nil) -> LogRecord {
    LogRecord(
      time: WallTime(seconds: Int64(number)), level: .info, message: "m\(number)",
      fields: server.map { [LogField("server_id", $0)] } ?? [], target: "warmplane::test")
  }

  private static func line(_ record: LogRecord) -> String {
    String(decoding: CatalogSample.text { record.write(to: &$0) }.utf8, as: UTF8.self) + "\n"
  }

  /// Messages, and for what is no record its line.
  private static func messages(_ path: String?, _ ring: LogRing, server: String? = nil) throws -> [String] {
    var backlog = LogBacklog(path: path, ring: ring, server: server)
    var messages: [String] = []
    while true {
      let frames = backlog.frames()
      if frames.isEmpty { return messages }
      for frame in frames {
        let message = try JSONRPCMessage(parsing: frame)
        #expect(message.kind == .notification(method: "log"))
        let fields = try #require(message.params?.member("record")?.member("fields"))
        messages.append(fields.member("line")?.string ?? fields.member("message")?.string ?? "?")
      }
    }
  }

  @Test("records of earlier daemons come first, those of the ring once, in order")
  func order() throws {
    let scratch = try ScratchDirectory()
    let path = scratch.file("daemon.log")
    let ring = LogRing()
    var text = ""
    for number in 0..<6000 {
      if number >= 4000 { ring.submit(Self.record(number)) }
      // The last ones did not reach the file yet.
      if number < 5900 { text += Self.line(Self.record(number)) }
    }
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    #expect(try Self.messages(path, ring) == (0..<6000).map { "m\($0)" })
    #expect(try Self.messages(nil, ring) == (4000..<6000).map { "m\($0)" })
    #expect(try Self.messages(scratch.file("missing"), ring) == (4000..<6000).map { "m\($0)" })
    #expect(LogBacklog(path: path, ring: ring, server: nil).next == 2000)
  }

  @Test("one server's records only, from the file too")
  func server() throws {
    let scratch = try ScratchDirectory()
    let path = scratch.file("daemon.log")
    let ring = LogRing()
    let earlier = Self.line(Self.record(1, server: "a")) + Self.line(Self.record(2, server: "b")) + "Fatal error: x\n"
    try Data((earlier + Self.line(Self.record(3))).utf8).write(to: URL(fileURLWithPath: path))
    for (number, server) in [(4, "b"), (5, "a"), (6, nil)] { ring.submit(Self.record(number, server: server)) }
    #expect(try Self.messages(path, ring, server: "a") == ["m1", "m5"])
    #expect(try Self.messages(path, ring, server: "c").isEmpty)
  }

  @Test("the last words of a crashed daemon are records, with the time of the one before; torn ones are left out")
  func lastWords() throws {
    let scratch = try ScratchDirectory()
    let path = scratch.file("daemon.log")
    let first = Self.line(Self.record(1))
    let text =
      "early\n\(first)Fatal error: \u{1B}[31mbroken\n  \n\(first.dropLast(9))\n[1]\n\(Self.line(Self.record(2)))"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    let messages = try Self.messages(path, LogRing())
    #expect(messages == ["early", "m1", "Fatal error: \u{1B}[31mbroken", "[1]", "m2"])
    var backlog = LogBacklog(path: path, ring: LogRing(), server: nil)
    let words = try JSONRPCMessage(parsing: try #require(backlog.frames().dropFirst(2).first))
    let record = try #require(words.params?.member("record"))
    #expect(
      String(decoding: record.bytes, as: UTF8.self)
        == #"{"timestamp":"1970-01-01T00:00:01.000000Z","level":"WARN","fields":{"message":"daemon stderr","#
        + #""line":"Fatal error: \u001b[31mbroken"},"target":"warmplane::daemon"}"#)
  }
}
