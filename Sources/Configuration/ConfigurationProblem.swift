package import Protocol

/// Something wrong with a configuration file, and where.
package struct ConfigurationProblem: Sendable, Equatable {
  package enum Severity: String, Sendable {
    case error
    case warning
  }

  /// RFC 6901. A missing member is named, although nothing is there; empty = the document or the file.
  package var pointer: String
  /// 1-based; nil if the problem has no place in the text, such as a file that cannot be read.
  package var line: Int?
  /// 1-based, in Unicode scalars; nil as `line`.
  package var column: Int?
  package var severity: Severity
  package var message: String

  package init(pointer: String, line: Int?, column: Int?, severity: Severity, message: String) {
    self.pointer = pointer
    self.line = line
    self.column = column
    self.severity = severity
    self.message = message
  }

  /// `<path>:<line>:<column>: <severity>: <pointer>: <message>`, always one line. Without a position or a pointer its
  /// part is left out together with the separator.
  package func rendered(path: String) -> String {
    var text = path
    if let line, let column {
      text += ":\(line):\(column)"
    }
    text += ": \(severity.rawValue): "
    if !pointer.isEmpty {
      text += "\(pointer): "
    }
    return (text + message).escapingControls
  }

  /// Appends `{"pointer","line","column","severity","message"}`.
  package func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("pointer", pointer)
    writer.member("line", line)
    writer.member("column", column)
    writer.member("severity", severity.rawValue)
    writer.member("message", message)
    writer.endObject()
  }
}

extension String {
  /// Control characters as `\u{..}`, so that text from a file can neither break a line nor steer a terminal.
  var escapingControls: String {
    guard unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return self }
    var escaped = ""
    for scalar in unicodeScalars {
      if scalar.properties.generalCategory == .control {
        escaped += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// In double quotes, for a message. Long text is cut: a message names things, it does not repeat the file.
  var quoted: String {
    let limit = 120
    return count <= limit ? "\"\(self)\"" : "\"\(prefix(limit))…\""
  }
}
