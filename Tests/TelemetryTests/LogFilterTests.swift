import Telemetry
import Testing

@Suite struct LogFilterTests {
  @Test(
    arguments: [
      ("info", .info, .info, .info),
      ("OFF", nil, nil, nil),
      ("info,warmplane=debug", .debug, .debug, .info),
      ("warn, warmplane::front = trace ,", .trace, .warn, .warn),
      // Without a plain level the default stays.
      ("warmplane::front=error", .error, .info, .info),
      // The longest prefix wins, wherever it stands; of equal ones the last.
      ("warmplane::front=debug,warmplane=off", .debug, nil, .info),
      ("warmplane=off,warmplane=error,warmplane::su=trace", .error, .trace, .info),
      ("error,warn", .warn, .warn, .warn),
    ] as [(String, LogLevel?, LogLevel?, LogLevel?)])
  func levels(_ text: String, _ front: LogLevel?, _ supervisor: LogLevel?, _ other: LogLevel?) throws {
    let filter = try #require(LogFilter(text))
    #expect(filter.threshold(for: "warmplane::front") == front)
    #expect(filter.threshold(for: "warmplane::supervisor") == supervisor)
    #expect(filter.threshold(for: "other") == other)
  }

  @Test(arguments: ["loud", "info,warmplane", "warmplane=", "=info", "warmplane=loud", "info debug"])
  func bad(_ text: String) {
    #expect(LogFilter(text) == nil)
  }

  @Test(
    arguments: [
      ([:], .info, false),
      (["RUST_LOG": "debug"], .debug, false),
      (["WARMPLANE_LOG": "error", "RUST_LOG": "debug"], .error, false),
      (["WARMPLANE_LOG": "", "RUST_LOG": "debug"], .debug, false),
      // Bad: the default, not the other variable.
      (["WARMPLANE_LOG": "loud", "RUST_LOG": "debug"], .info, true),
    ] as [([String: String], LogLevel, Bool)])
  func environment(_ variables: [String: String], _ level: LogLevel, _ warns: Bool) {
    let (filter, warning) = LogFilter.fromEnvironment { variables[$0] }
    #expect(filter.threshold(for: "warmplane::front") == level)
    #expect((warning != nil) == warns)
    #expect(warning?.hasPrefix("WARMPLANE_LOG is not a log filter: loud") ?? true)
  }
}
