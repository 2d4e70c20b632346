import Glibc

/// Processes below this one, as `/proc` shows them. Every function reads files and may block: call them on a
/// `BlockingThread`, not on the loop.
package enum ProcessTree {
  /// The environment variable that marks what belongs to one upstream.
  package static let markVariable = "WARMPLANE_UPSTREAM"
  /// Processes that one walk looks at; a fork bomb must not keep the walker busy for ever.
  static let largestTree = 65_536

  /// Pids of the children of `pid`, direct ones only.
  package static func children(of pid: Int32) -> [Int32] {
    guard let tasks = ProcFile.list("/proc/\(pid)/task") else { return [] }
    return tasks.flatMap { task -> [Int32] in
      guard let text = ProcFile.text("/proc/\(pid)/task/\(task)/children") else { return [] }
      return text.split(separator: " ").compactMap { Int32($0) }
    }
  }

  /// All descendants of `pid`, without itself. Complete when `pid` is a subreaper: whatever forks, calls setsid and
  /// loses its parents is still below it.
  package static func descendants(of pid: Int32) -> [Int32] {
    var found: [Int32] = []
    var pending = children(of: pid)
    while let next = pending.popLast(), found.count < largestTree {
      found.append(next)
      pending.append(contentsOf: children(of: next))
    }
    return found
  }

  /// Processes of our user whose environment carries the mark `value`.
  package static func marked(_ value: String) -> [Int32] {
    let needle = Array("\(markVariable)=\(value)".utf8)
    let own = getpid()
    return (ProcFile.list("/proc") ?? []).compactMap { Int32($0) }.filter { pid in
      guard pid != own, let environment = ProcFile.bytes("/proc/\(pid)/environ") else { return false }
      return environment.split(separator: 0).contains { $0.elementsEqual(needle) }
    }
  }

  /// Sends SIGKILL to what `find` finds until it finds nothing twice in a row (a fork may race the first look), for at
  /// most `rounds` looks 10 ms apart. Returns what was left at the end.
  package static func killAll(rounds: Int = 200, _ find: () -> [Int32]) -> [Int32] {
    var left: [Int32] = []
    var quietLooks = 0
    for _ in 0..<rounds {
      left = find().filter { isAlive($0) }
      for pid in left { kill(pid, SIGKILL) }
      quietLooks = left.isEmpty ? quietLooks + 1 : 0
      if quietLooks == 2 { break }
      usleep(left.isEmpty ? 1_000 : 10_000)
    }
    return left
  }

  /// False for a process that is gone or a zombie that only waits to be reaped.
  package static func isAlive(_ pid: Int32) -> Bool { ProcFile.text("/proc/\(pid)/stat").map(isAlive(stat:)) ?? false }

  static func isAlive(stat: String) -> Bool {
    guard let end = stat.lastIndex(of: ")") else { return false }
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    guard let state = fields.first else { return false }
    // proc(5): the number of threads is field 20. When only the first thread has ended, the process shows as a zombie
    // and lives on in the others.
    if state == "Z", fields.count > 17, let threads = Int(fields[17]), threads > 1 { return true }
    return state != "Z" && state != "X"
  }
}

/// Small files of `/proc`, read whole.
enum ProcFile {
  /// More than this of one file is not read, in bytes. The kernel limits an environment to 6 MiB, and the mark is
  /// the last thing in it.
  static let largest = 8 << 20

  static func bytes(_ path: String) -> [UInt8]? {
    guard let file = try? OwnedDescriptor.open(path, O_RDONLY) else { return nil }
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 * 1024)
    while content.count < largest {
      let count = chunk.withUnsafeMutableBytes { buffer in
        retryingInterrupts { read(file.number, buffer.baseAddress, buffer.count) }
      }
      if count < 0 { return nil }
      if count == 0 { break }
      content.append(contentsOf: chunk[..<count])
    }
    return content
  }

  static func text(_ path: String) -> String? { bytes(path).map { String(decoding: $0, as: UTF8.self) } }

  /// Names in a directory, without `.` and `..`.
  static func list(_ path: String) -> [String]? {
    guard let directory = opendir(path) else { return nil }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }
}
