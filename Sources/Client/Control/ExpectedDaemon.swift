import Glibc
import Platform

/// A daemon that its service manager is about to start again: it left a file beside its socket, and ended otherwise than by
/// order. Whoever starts another daemon in that moment takes the instance away from the service.
package struct ExpectedDaemon: Sendable {
  /// How long it is waited for.
  package static let patience = Duration.seconds(10)
  private static let lookMilliseconds: Int32 = 25

  private let marks: [String]

  /// `marks`: the paths of those files. What belongs to neither us nor root nor `owners` does not count.
  package init(marks: [String], owners: Set<UInt32> = []) {
    let owners = owners.union([geteuid(), 0])
    self.marks = marks.filter { path in
      var information = stat()
      return lstat(path, &information) == 0 && owners.contains(information.st_uid)
    }
  }

  /// Whether a daemon is expected. Files that are gone meanwhile are those of one that was stopped.
  package var isExpected: Bool { marks.contains { access($0, F_OK) == 0 } }

  /// What `connect` returns; while it throws `nobodyListens` and the daemon is expected, it is called again, for at most
  /// `patience`. Blocking. `onWait` is called now and then.
  package static func attach<Connection: ~Copyable>(
    _ find: () -> ExpectedDaemon, onWait: WaitObserver?, _ connect: () throws(ClientError) -> Connection
  ) throws(ClientError) -> Connection {
    let start = MonotonicTime.now
    while true {
      do {
        return try connect()
      } catch {
        guard case .nobodyListens = error, MonotonicTime.now - start < patience, find().isExpected else { throw error }
      }
      onWait?(MonotonicTime.now - start)
      poll(nil, 0, lookMilliseconds)
    }
  }
}
