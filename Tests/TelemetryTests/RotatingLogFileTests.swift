import Foundation
import Glibc
import Protocol
import Telemetry
import Testing

@Suite struct RotatingLogFileTests {
  private static func record(_ message: String) -> LogRecord {
    LogRecord(time: WallTime(seconds: 0), level: .info, message: message, target: "warmplane::test")
  }

  private static func messages(_ path: String) throws -> [String] {
    let text = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    return try text.split(separator: "\n").map { line throws in
      try #require(try JSONSlice(validating: Array(line.utf8)).member("fields")?.member("message")?.string)
    }
  }

  /// Calls `body` with a directory that is removed afterwards.
  private static func inDirectory(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/wp-log-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try body(directory)
  }

  @Test func theFileAndItsPredecessorHoldTheNewestRecords() throws {
    try Self.inDirectory { directory in
      let path = "\(directory)/daemon.log"
      let sink = try LogSink(file: try RotatingLogFile(path: path, limit: 2000))
      for number in 0..<100 {
        sink.submit(Self.record("\(number)"))
        #expect(sink.flush(timeout: .seconds(10)))
      }
      let kept = try Self.messages("\(path).1") + Self.messages(path)
      #expect(kept == (100 - kept.count..<100).map { "\($0)" })
      #expect((10...45).contains(kept.count))
      for file in [path, "\(path).1"] {
        var information = stat()
        #expect(stat(file, &information) == 0 && information.st_mode & 0o777 == 0o600)
        #expect(information.st_size <= 2000)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory).count == 2)
    }
  }

  @Test func aFileThatIsThereIsContinued() throws {
    try Self.inDirectory { directory in
      let path = "\(directory)/daemon.log"
      for message in ["a", "b"] {
        let sink = try LogSink(file: try RotatingLogFile(path: path))
        sink.submit(Self.record(message))
        #expect(sink.flush(timeout: .seconds(10)))
      }
      #expect(try Self.messages(path) == ["a", "b"])
    }
  }

  @Test func aRecordLargerThanTheFileIsWrittenAlone() throws {
    try Self.inDirectory { directory in
      let path = "\(directory)/daemon.log"
      let sink = try LogSink(file: try RotatingLogFile(path: path, limit: 1000))
      for message in ["a", String(repeating: "x", count: 5000), "b"] {
        sink.submit(Self.record(message))
        #expect(sink.flush(timeout: .seconds(10)))
      }
      #expect(try Self.messages("\(path).1").map(\.count) == [5000])
      #expect(try Self.messages(path) == ["b"])
    }
  }

  @Test func aSymbolicLinkIsNotFollowed() throws {
    try Self.inDirectory { directory in
      symlink("\(directory)/victim", "\(directory)/daemon.log")
      #expect(throws: (any Error).self) { try RotatingLogFile(path: "\(directory)/daemon.log") }
      #expect(access("\(directory)/victim", F_OK) != 0)
    }
  }

  @Test func aDirectoryThatVanishesLosesRecordsAndNothingElse() throws {
    try Self.inDirectory { directory in
      let path = "\(directory)/sub/daemon.log"
      try FileManager.default.createDirectory(atPath: "\(directory)/sub", withIntermediateDirectories: false)
      let sink = try LogSink(file: try RotatingLogFile(path: path, limit: 200))
      sink.submit(Self.record("a"))
      #expect(sink.flush(timeout: .seconds(10)))
      try FileManager.default.removeItem(atPath: "\(directory)/sub")
      for _ in 0..<3 { sink.submit(Self.record("lost")); #expect(sink.flush(timeout: .seconds(10))) }
      try FileManager.default.createDirectory(atPath: "\(directory)/sub", withIntermediateDirectories: false)
      sink.submit(Self.record("b"))
      #expect(sink.flush(timeout: .seconds(10)))
      #expect(try Self.messages(path) == ["b"])
    }
  }
}
