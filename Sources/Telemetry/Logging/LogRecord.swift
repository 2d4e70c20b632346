package import Protocol

/// One event, printed as one line of JSON. The members and their order are part of the external contract.
package struct LogRecord: Sendable, Equatable {
  package var time: WallTime
  package var level: LogLevel
  package var message: String
  package var fields: [LogField]
  /// `warmplane::<area>`
  package var target: String
  /// From the outermost to the innermost; mostly empty.
  package var spans: [LogSpan]

  package init(
    time: WallTime, level: LogLevel, message: String, fields: [LogField] = [], target: String, spans: [LogSpan] = []
  ) {
    self.time = time
    self.level = level
    self.message = message
    self.fields = fields
    self.target = target
    self.spans = spans
  }

  /// Appends the record without a line break; it contains none, because JSON strings escape them.
  package func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("timestamp", time.rfc3339)
    writer.member("level", level.name)
    writer.key("fields")
    writer.beginObject()
    writer.member("message", message)
    for field in fields {
      field.write(to: &writer)
    }
    writer.endObject()
    writer.member("target", target)
    if let innermost = spans.last {
      writer.key("span")
      Self.write(innermost, to: &writer)
      writer.key("spans")
      writer.beginArray()
      for span in spans {
        Self.write(span, to: &writer)
      }
      writer.endArray()
    }
    writer.endObject()
  }

  /// What the record occupies while it waits, roughly.
  var cost: Int {
    fields.reduce(message.utf8.count + 128) { $0 + $1.cost } + spans.reduce(0) { $0 + $1.cost }
  }

  private static func write(_ span: LogSpan, to writer: inout JSONWriter) {
    writer.beginObject()
    for field in span.fields {
      field.write(to: &writer)
    }
    writer.member("name", span.name)
    writer.endObject()
  }
}
