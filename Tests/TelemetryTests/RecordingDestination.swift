import Synchronization
import Telemetry

/// Keeps what it gets.
final class RecordingDestination: LogDestination {
  private let kept = Mutex<[LogRecord]>([])

  var records: [LogRecord] { kept.withLock { $0 } }

  func submit(_ record: LogRecord) {
    kept.withLock { $0.append(record) }
  }
}
