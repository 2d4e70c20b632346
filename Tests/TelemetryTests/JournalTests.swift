import Glibc
import Platform
import Protocol
import Telemetry
import Testing

/// Lines for the journal: the record as ever, behind a priority.
@Suite struct JournalTests {
  @Test(arguments: [
    (LogLevel.trace, 7), (.debug, 7), (.info, 6), (.warn, 4), (.error, 3),
  ])
  func aLineBeginsWithThePriorityOfItsLevel(_ level: LogLevel, _ priority: Int) throws {
    let record = LogRecord(
      time: .now, level: level, message: "a\nb", fields: [LogField("x", 1)], target: "warmplane::a")
    func line(hasPriorities: Bool) throws -> String {
      let pipe = try TestPipe()
      let sink = try LogSink(descriptor: pipe.writing, hasPriorities: hasPriorities)
      sink.submit(record)
      #expect(sink.flush(timeout: .seconds(10)))
      return try pipe.read()
    }
    let plain = try line(hasPriorities: false)
    #expect(plain.hasPrefix("{") && plain.hasSuffix("}\n"))
    #expect(try line(hasPriorities: true) == "<\(priority)>\(plain)")
  }

  @Test func theVariableCountsOnlyForTheStreamThatItNames() throws {
    let pipe = try TestPipe()
    var information = stat()
    #expect(fstat(pipe.writing, &information) == 0)
    let (device, inode) = (information.st_dev, information.st_ino)
    #expect(JournalStream.isBehind(pipe.writing, variable: "\(device):\(inode)"))
    for variable in [
      nil, "", ":", "\(device)", "\(device):", "\(device):\(inode):", "\(device):\(inode + 1)",
      "\(device + 1):\(inode)",
      " \(device):\(inode)", "-1:-1",
    ] {
      #expect(!JournalStream.isBehind(pipe.writing, variable: variable), "\(variable ?? "nil")")
    }
    #expect(!JournalStream.isBehind(-1, variable: "\(device):\(inode)"))
  }
}
