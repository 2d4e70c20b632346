import Glibc

/// What some processes use, read from `/proc`. Blocking: read them on a `BlockingThread`.
package struct ResourceFigures: Sendable, Equatable {
  /// Proportional set size: shared pages are counted in part, so the figures of several processes can be added. Bytes.
  package var memoryBytes = 0
  /// User and system time since each process started, milliseconds.
  package var cpuMilliseconds = 0
  package var processes = 0

  package init() {}

  /// The sum over `pids`; processes that end meanwhile count as far as they could be read.
  package init(of pids: [Int32]) {
    let ticks = max(1, sysconf(Int32(_SC_CLK_TCK)))
    for pid in pids {
      guard let stat = ProcFile.text("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else { continue }
      let fields = stat[stat.index(after: end)...].split(separator: " ")
      // proc(5): utime and stime are fields 14 and 15; the state, field 3, is the first after the name.
      if fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) {
        cpuMilliseconds += (user + system) * 1000 / ticks
      }
      memoryBytes += Self.proportionalSetSize(of: pid)
      processes += 1
    }
  }

  private static func proportionalSetSize(of pid: Int32) -> Int {
    guard let text = ProcFile.text("/proc/\(pid)/smaps_rollup") else { return 0 }
    for line in text.split(separator: "\n") where line.hasPrefix("Pss:") {
      return (line.split(separator: " ").compactMap { Int($0) }.first ?? 0) * 1024
    }
    return 0
  }
}
