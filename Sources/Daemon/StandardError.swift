import Glibc
import Platform
import Telemetry

/// The daemon's words for people before there is a log, and after.
enum StandardError {
  /// Whether the journal reads it, and takes priorities from the beginning of lines.
  static var leadsToJournal: Bool {
    JournalStream.isBehind(STDERR_FILENO, variable: ProcessEnvironment["JOURNAL_STREAM"])
  }

  /// Writes `text`, which is an error, and a line break.
  static func write(_ text: String) {
    let prefix = leadsToJournal ? LogLevel.error.journalPrefix : ""
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { prefix + $0 }
    let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
    _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
  }
}
