import Protocol
import Telemetry
import Testing

@Suite struct LoggerTests {
  @Test func aRecordIsOneLineWithTheDocumentedMembersInOrder() {
    let record = LogRecord(
      time: WallTime(seconds: 0, microseconds: 7), level: .warn, message: "line\nbreak",
      fields: [
        LogField("server_id", "a\"b"), LogField("count", 3), LogField("share", 0.5), LogField("ok", true),
        LogField("request_id", nil as String?),
      ], target: "warmplane::front")
    #expect(
      text(record)
        == #"{"timestamp":"1970-01-01T00:00:00.000007Z","level":"WARN","fields":{"message":"line\nbreak","#
        + #""server_id":"a\"b","count":3,"share":0.5,"ok":true,"request_id":null},"target":"warmplane::front"}"#)
  }

  @Test func insideSpansBothFormsArePrinted() {
    let record = LogRecord(
      time: WallTime(seconds: 0), level: .error, message: "m", target: "t",
      spans: [LogSpan("outer"), LogSpan("inner", [LogField("trace_id", "x")])])
    #expect(
      text(record).hasSuffix(
        #""target":"t","span":{"trace_id":"x","name":"inner"},"spans":[{"name":"outer"},{"trace_id":"x","name":"inner"}]}"#
      ))
  }

  @Test func theLevelDecidesAndWhatIsOffIsNotEvaluated() {
    let destination = RecordingDestination()
    let logger = Logger("front", to: destination, filter: LogFilter(level: .warn))
    func expensive() -> String {
      Issue.record("evaluated although off")
      return ""
    }
    logger.info(expensive(), [LogField("x", expensive())])
    Logger.disabled.error(expensive())
    logger.warn("w", [LogField("a", 1)])
    logger.error("e")
    #expect(destination.records.map(\.message) == ["w", "e"])
    #expect(destination.records.map(\.target) == ["warmplane::front", "warmplane::front"])
    #expect(destination.records[0].fields == [LogField("a", 1)])
    #expect(logger.isEnabled(.error) && !logger.isEnabled(.info) && !Logger.disabled.isEnabled(.error))
  }

  @Test func derivedLoggersAddFieldsSpansAndHaveTheLevelOfTheirArea() throws {
    let destination = RecordingDestination()
    let filter = try #require(LogFilter("error,warmplane::worker=debug"))
    let front = Logger("front", to: destination, filter: filter)
    let worker = front.area("worker").with(LogField("server_id", "s")).inside(LogSpan("call"))
    front.debug("not written")
    worker.debug("written", [LogField("attempt", 2)])
    worker.trace("not written")
    let record = try #require(destination.records.first)
    #expect(destination.records.count == 1)
    #expect(record.target == "warmplane::worker")
    #expect(record.fields == [LogField("server_id", "s"), LogField("attempt", 2)])
    #expect(record.spans == [LogSpan("call")])
  }

  private func text(_ record: LogRecord) -> String {
    var writer = JSONWriter()
    record.write(to: &writer)
    return String(decoding: writer.finish(), as: UTF8.self)
  }
}
