import Glibc
package import Platform

/// How many descriptors this process has open.
package enum DescriptorCount {
  /// Makes the runtime open what it opens for the first sleep of a task and keeps. Before the first count, and before
  /// the last descriptor is used up.
  package static func warmUp() async { _ = await eventually(within: .milliseconds(5)) { false } }

  /// Counts `/proc/self/fd`, without the descriptor that reads it. Exact only while no other thread opens or closes
  /// any: compare counts in an exit test.
  package static func now() throws(SystemError) -> Int {
    guard let directory = opendir("/proc/self/fd") else { throw SystemError("opendir", subject: "/proc/self/fd") }
    defer { closedir(directory) }
    var count = 0
    while let entry = readdir(directory) {
      // "." and ".." are the only names with a dot.
      if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
    }
    return count - 1
  }
}
