import CLinux
import Synchronization

/// Memory that was freed and that the allocator keeps for later.
package enum FreedMemory {
  /// As much must have been freed that it is worth a walk through the heap, in bytes.
  package static let much = 8 << 20

  private static let noted = Atomic<Int>(0)

  /// Bytes of large pieces were freed, or are about to be. Callable from everywhere; anything below 1 is ignored.
  package static func note(_ bytes: Int) {
    if bytes > 0 { noted.add(bytes, ordering: .relaxed) }
  }

  /// Gives whole free pages back to the system, if `much` was freed since the last time. Walks the heap then: a
  /// millisecond or so for each hundred megabytes. True when it did.
  @discardableResult
  package static func giveBackIfMuch() -> Bool {
    guard noted.load(ordering: .relaxed) >= much else { return false }
    noted.store(0, ordering: .relaxed)
    malloc_trim(0)
    return true
  }
}
