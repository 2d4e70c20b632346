import Glibc
import Testing

/// A pipe whose reading end may be closed early.
final class TestPipe {
  let reading: Int32
  let writing: Int32
  private var isReadingOpen = true

  init() throws {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    reading = ends[0]
    writing = ends[1]
  }

  deinit {
    closeReading()
    close(writing)
  }

  func closeReading() {
    if isReadingOpen { close(reading) }
    isReadingOpen = false
  }

  /// What is there now; waits for the first byte.
  func read() throws -> String {
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    let count = Glibc.read(reading, &chunk, chunk.count)
    try #require(count > 0)
    return String(decoding: chunk[..<count], as: UTF8.self)
  }

  func setNonBlocking(_ isNonBlocking: Bool) {
    let flags = fcntl(writing, F_GETFL)
    _ = fcntl(writing, F_SETFL, isNonBlocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK)
  }

  /// Fills the pipe with `x`, so that the next write blocks.
  func fill() throws {
    setNonBlocking(true)
    let block = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
    while write(writing, block, block.count) > 0 {}
    try #require(errno == EAGAIN)
    setNonBlocking(false)
  }
}
