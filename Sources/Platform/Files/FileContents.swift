import Glibc

/// Reading what is small as a whole.
package enum FileContents {
  /// Everything from the descriptor's place on, but no more than `limit` bytes and one: a longer result says that there
  /// is more. Blocks.
  package static func read(_ descriptor: Int32, limit: Int) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: min(65_536, limit + 1))
    while bytes.count <= limit {
      let wanted = min(chunk.count, limit + 1 - bytes.count)
      let count = retryingInterrupts { Glibc.read(descriptor, &chunk, wanted) }
      if count < 0 { throw SystemError("read") }
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    return bytes
  }
}
