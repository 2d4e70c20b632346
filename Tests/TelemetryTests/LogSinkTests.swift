import Protocol
import Telemetry
import Testing

@Suite struct LogSinkTests {
  @Test func recordsArriveInOrderAsLines() throws {
    let pipe = try TestPipe()
    let sink = try LogSink(descriptor: pipe.writing)
    for number in 0..<100 {
      sink.submit(record("r\(number)"))
    }
    #expect(sink.flush(timeout: .seconds(10)))
    #expect(try messages(in: pipe.read()) == (0..<100).map { "r\($0)" })
    // The thread went to sleep and is woken again.
    sink.submit(record("later"))
    #expect(sink.flush(timeout: .seconds(10)))
    #expect(try messages(in: pipe.read()) == ["later"])
  }

  @Test func flushWithoutRecordsIsDoneAtOnce() throws {
    let pipe = try TestPipe()
    #expect(try LogSink(descriptor: pipe.writing).flush(timeout: .seconds(10)))
  }

  @Test(arguments: [LogSink.Limits(records: 10), LogSink.Limits(bytes: 3_000)])
  func aReaderThatStopsCostsRecordsAndNotTime(_ limits: LogSink.Limits) throws {
    let pipe = try TestPipe()
    try pipe.fill()
    let sink = try LogSink(descriptor: pipe.writing, limits: limits)
    // The thread takes the first record and is stuck with it; these calls must return although nobody reads.
    sink.submit(record("first"))
    #expect(!sink.flush(timeout: .milliseconds(20)))
    for number in 0..<1000 {
      sink.submit(record("r\(number)"))
    }
    #expect(!sink.flush(timeout: .milliseconds(20)), "flush gives up in time")

    // The reader comes back: it gets what was kept, and how much was not.
    var text = ""
    while !text.contains("log records dropped") {
      text += try pipe.read()
    }
    sink.submit(record("end"))
    while !text.contains("\"end\"") {
      text += try pipe.read()
    }
    let lines = text.drop { $0 == "x" }
    let found = try messages(in: String(lines))
    #expect(found.first == "first")
    let kept = found.filter { $0.hasPrefix("r") }
    #expect(kept == (0..<kept.count).map { "r\($0)" }, "the oldest are kept, without gaps")
    #expect(kept.count >= 3 && kept.count <= 25)
    let reports = try lines.split(separator: "\n").map { try JSONSlice(validating: Array($0.utf8)) }
      .compactMap { $0.member("fields")?.member("count")?.int }
    #expect(reports.reduce(kept.count, +) == 1000, "every record is either written or counted")
  }

  @Test func aReaderThatIsGoneSilencesTheSink() throws {
    // SIGPIPE has its default action in the test process: a write on an unprotected thread would end it.
    let pipe = try TestPipe()
    pipe.closeReading()
    let sink = try LogSink(descriptor: pipe.writing)
    for number in 0..<3 {
      sink.submit(record("r\(number)"))
      #expect(sink.flush(timeout: .seconds(10)))
    }
  }

  @Test func aClosedDescriptorSilencesTheSink() throws {
    let sink = try LogSink(descriptor: -1)
    for number in 0..<3 {
      sink.submit(record("r\(number)"))
      #expect(sink.flush(timeout: .seconds(10)))
    }
  }

  @Test func aNonBlockingDescriptorLosesNothing() throws {
    let pipe = try TestPipe()
    pipe.setNonBlocking(true)
    let sink = try LogSink(descriptor: pipe.writing)
    // More than a pipe holds.
    for number in 0..<2000 {
      sink.submit(record("r\(number)"))
    }
    var text = ""
    while !text.contains("\"r1999\"") {
      text += try pipe.read()
    }
    #expect(sink.flush(timeout: .seconds(10)))
    #expect(try messages(in: text) == (0..<2000).map { "r\($0)" })
  }

  // MARK: Helpers

  private func record(_ message: String) -> LogRecord {
    LogRecord(time: WallTime(seconds: 0), level: .info, message: message, target: "warmplane::test")
  }

  private func messages(in text: String) throws -> [String] {
    try text.split(separator: "\n").map { line in
      let record = try JSONSlice(validating: Array(line.utf8))
      return try #require(record.member("fields")?.member("message")?.string)
    }
  }
}
