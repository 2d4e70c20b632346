import Glibc
import Platform
import Protocol

/// The lines of a `RotatingLogFile` and of the one that was rotated away before it, oldest first: what was in them when
/// this was made. Reading blocks.
package struct LogFileReader: Sendable {
  /// A line over this many bytes is left out.
  private static let longestLine = 4 << 20
  private static let chunkBytes = 64 * 1024

  private final class File: Sendable {
    let descriptor: OwnedDescriptor
    let size: Int
    let identity: UInt64

    /// Nil for what cannot be read, and for what is no file.
    init?(_ path: String) {
      guard let descriptor = try? OwnedDescriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK) else { return nil }
      var information = stat()
      guard fstat(descriptor.number, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return nil }
      self.descriptor = descriptor
      size = Int(information.st_size)
      identity = UInt64(information.st_ino)
    }
  }

  private var files: [File] = []
  private var position = 0
  private var decoder = LineDecoder(limit: LogFileReader.longestLine)

  /// Opens the files of `path`. Those that are missing count as empty.
  package init(path: String) {
    // The newer one first: if it is rotated away meanwhile, it is found twice and not lost.
    guard let current = File(path) else {
      files = File("\(path).1").map { [$0] } ?? []
      return
    }
    let older = File("\(path).1").flatMap { $0.identity == current.identity ? nil : $0 }
    files = (older.map { [$0] } ?? []) + [current]
  }

  /// Some more complete lines, without their ends; nil when there are no more. A line that has no end yet, or never got
  /// one, is left out.
  package mutating func lines() -> [[UInt8]]? {
    var lines: [[UInt8]] = []
    while lines.isEmpty {
      guard let file = files.first else { return nil }
      let (start, wanted) = (position, min(Self.chunkBytes, file.size - position))
      let chunk = [UInt8](unsafeUninitializedCapacity: max(0, wanted)) { buffer, count in
        count = max(0, retryingInterrupts { pread(file.descriptor.number, buffer.baseAddress, wanted, start) })
      }
      if chunk.isEmpty {
        files.removeFirst()
        position = 0
        decoder = LineDecoder(limit: Self.longestLine)
        continue
      }
      position += chunk.count
      chunk.withUnsafeBytes { bytes in
        decoder.feed(bytes) { line in if case .line(let text) = line { lines.append(text) } }
      }
    }
    return lines
  }
}
