import Glibc

/// Whether a descriptor leads to the journal: `JOURNAL_STREAM` holds device and inode of the stream that systemd
/// connected (systemd.exec(5)). The variable is inherited by processes whose output leads elsewhere, so both must match.
package enum JournalStream {
  /// `variable`: the value of `JOURNAL_STREAM`, or nil.
  package static func isBehind(_ descriptor: Int32, variable: String?) -> Bool {
    guard let variable else { return false }
    let parts = variable.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let device = UInt64(parts[0]), let inode = UInt64(parts[1]) else { return false }
    var information = stat()
    return fstat(descriptor, &information) == 0 && UInt64(information.st_dev) == device
      && UInt64(information.st_ino) == inode
  }
}

extension LogLevel {
  /// The priority of syslog(3) that the journal takes from the beginning of a line (sd-daemon(3)).
  package var journalPrefix: String {
    switch self {
    case .trace, .debug: "<7>"
    case .info: "<6>"
    case .warn: "<4>"
    case .error: "<3>"
    }
  }
}
