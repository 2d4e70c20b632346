/// Writes records of one target. A value that is cheap to copy and may be used from any isolation.
///
/// A call whose level is off evaluates neither message nor fields. Payloads (arguments, results) belong into records of
/// level debug only, and only through `Redaction`.
package struct Logger: Sendable {
  package let target: String
  private let destination: (any LogDestination)?
  private let filter: LogFilter
  private let threshold: LogLevel?
  private let fields: [LogField]
  private let spans: [LogSpan]

  /// `area` is appended to `warmplane::`.
  package init(_ area: String, to destination: any LogDestination, filter: LogFilter = .standard) {
    self.init(target: "warmplane::\(area)", destination, filter, [], [])
  }

  private init(
    target: String, _ destination: (any LogDestination)?, _ filter: LogFilter, _ fields: [LogField],
    _ spans: [LogSpan]
  ) {
    self.target = target
    self.destination = destination
    self.filter = filter
    self.fields = fields
    self.spans = spans
    threshold = destination == nil ? nil : filter.threshold(for: target)
  }

  /// Writes nothing.
  package static let disabled = Logger(target: "warmplane", nil, LogFilter(level: nil), [], [])

  /// The same destination and filter for another area.
  package func area(_ area: String) -> Logger {
    Logger(target: "warmplane::\(area)", destination, filter, fields, spans)
  }

  /// Adds fields to every record, after the message and before the record's own.
  package func with(_ fields: LogField...) -> Logger {
    Logger(target: target, destination, filter, self.fields + fields, spans)
  }

  /// Puts every record inside a span.
  package func inside(_ span: LogSpan) -> Logger {
    Logger(target: target, destination, filter, fields, spans + [span])
  }

  package func isEnabled(_ level: LogLevel) -> Bool {
    guard let threshold else { return false }
    return level >= threshold
  }

  package func trace(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogField] = []) {
    log(.trace, message(), fields())
  }

  package func debug(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogField] = []) {
    log(.debug, message(), fields())
  }

  package func info(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogField] = []) {
    log(.info, message(), fields())
  }

  package func warn(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogField] = []) {
    log(.warn, message(), fields())
  }

  package func error(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogField] = []) {
    log(.error, message(), fields())
  }

  package func log(
    _ level: LogLevel, _ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogField] = []
  ) {
    guard isEnabled(level), let destination else { return }
    let own = fields()
    destination.submit(
      LogRecord(
        time: .now, level: level, message: message(), fields: self.fields.isEmpty ? own : self.fields + own,
        target: target, spans: spans))
  }
}
