/// Which notices of a stream its client has perhaps not read yet: the same need not be said twice. Pure.
///
/// Empty whenever nothing waits for the client.
struct UnreadNotices {
  /// Places that are known before those are forgotten that were read.
  private static let mostStarts = 1024

  /// Where in the stream, in bytes, they begin.
  private var starts: [ChangeNotice: Int] = [:]

  /// Whether a notice is to be sent now. `taken` and `written`: bytes of the stream so far.
  mutating func admits(_ notice: ChangeNotice, taken: Int, written: Int) -> Bool {
    if taken == written { starts = [:] }
    if let start = starts[notice], taken <= start { return false }
    if starts.count >= Self.mostStarts { starts = starts.filter { taken <= $0.value } }
    starts[notice] = written
    return true
  }
}
