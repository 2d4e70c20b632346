import Foundation
import Glibc
import Telemetry
import TestSupport
import Testing

@Suite struct LogFileReaderTests {
  private static func all(_ reader: LogFileReader) -> [String] {
    var reader = reader
    var lines: [String] = []
    while let more = reader.lines() {
      #expect(!more.isEmpty)
      lines += more.map { String(decoding: $0, as: UTF8.self) }
    }
    return lines
  }

  private static func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }

  @Test func theOlderFileComesFirstAndUnfinishedLinesNotAtAll() throws {
    let scratch = try ScratchDirectory()
    let path = scratch.file("log")
    #expect(Self.all(LogFileReader(path: path)).isEmpty)
    try Self.write("c\nd\r\n\nunfinished", to: path)
    #expect(Self.all(LogFileReader(path: path)) == ["c", "d", ""])
    try Self.write("a\nb\ntorn", to: "\(path).1")
    #expect(Self.all(LogFileReader(path: path)) == ["a", "b", "c", "d", ""])
    unlink(path)
    #expect(Self.all(LogFileReader(path: path)) == ["a", "b"])
  }

  @Test func whatComesLaterDoesNotCount() throws {
    let scratch = try ScratchDirectory()
    let path = scratch.file("log")
    let long = String(repeating: "x", count: 200_000)
    try Self.write("1\n\(long)\n", to: path)
    let reader = LogFileReader(path: path)
    let more = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try more.seekToEnd()
    try more.write(contentsOf: Data("later\n".utf8))
    // A rotation does not take away what is being read.
    try #require(rename(path, "\(path).1") == 0)
    try Self.write("new\n", to: path)
    #expect(Self.all(reader) == ["1", long])
    #expect(Self.all(LogFileReader(path: path)) == ["1", long, "later", "new"])
    // Two names of one file.
    unlink(path)
    try #require(link("\(path).1", path) == 0)
    #expect(Self.all(LogFileReader(path: path)).count == 3)
  }

  @Test func onlyFilesAreRead() throws {
    let scratch = try ScratchDirectory()
    try #require(mkfifo(scratch.file("log"), 0o600) == 0)
    try Self.write("secret\n", to: scratch.file("other"))
    try #require(symlink(scratch.file("other"), scratch.file("log.1")) == 0)
    #expect(Self.all(LogFileReader(path: scratch.file("log"))).isEmpty)
  }

  @Test func aLineWithoutEndCostsNoMemory() throws {
    let scratch = try ScratchDirectory()
    let path = scratch.file("log")
    try Self.write(String(repeating: "x", count: 5 << 20) + "\nafter\n", to: path)
    #expect(Self.all(LogFileReader(path: path)) == ["after"])
  }
}
