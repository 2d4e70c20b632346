import CLinux

/// Memory that was freed and that the allocator keeps for later.
package enum FreedMemory {
  /// Gives whole pages of it back to the system. Walks the heap: a millisecond or so for each hundred megabytes.
  package static func giveBack() { malloc_trim(0) }
}
