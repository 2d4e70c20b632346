import Store
import Synchronization

/// Collects what a store reports.
final class ReportLog: Sendable {
  private let reports = Mutex<[StoreReport]>([])

  func add(_ report: StoreReport) { reports.withLock { $0.append(report) } }

  var all: [StoreReport] { reports.withLock { $0 } }
  var kinds: [StoreReport.Kind] { all.map(\.kind) }
}
