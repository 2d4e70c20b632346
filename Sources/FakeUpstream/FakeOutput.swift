import Glibc
import StdioServer

/// Writes messages the way the flags want them: garbage between them, odd line ends, noise on stderr.
final class FakeOutput {
  /// Lines that servers do print on stdout, and worse; none is a JSON-RPC message.
  private static let garbage: [[UInt8]] = [
    Array("Server listening on stdio".utf8), Array(#"{"level":"info","msg":"not JSON-RPC"}"#.utf8), Array("{".utf8),
    [0xFF, 0xFE, 0x00, 0x80], Array("[1,2".utf8), [], Array("null".utf8),
  ]

  private let options: FakeOptions
  private let loop: StdioLoop
  private let lineEnd: [UInt8]
  private var hasBegun = false
  private var garbageLines = 0

  init(_ options: FakeOptions, loop: StdioLoop) {
    self.options = options
    self.loop = loop
    lineEnd = options.endsWithCRLF ? [0x0D, 0x0A] : [0x0A]
  }

  /// What is printed before any message.
  func begin() {
    writeGarbage()
  }

  func send(_ message: [UInt8]) {
    writeGarbage()
    write(message)
  }

  /// One line that is no message of ours.
  func sendRaw(_ line: String) {
    write(Array(line.utf8))
  }

  func floodStderr() {
    guard options.stderrBytes > 0 else { return }
    let line = Array("a line of noise on stderr, long enough to fill a pipe before anybody reads it\n".utf8)
    var left = options.stderrBytes
    while left > 0 {
      StdioLoop.write(Array(line.suffix(left)), to: STDERR_FILENO)
      left -= line.count
    }
  }

  private func writeGarbage() {
    for _ in 0..<options.garbageLines {
      write(Self.garbage[garbageLines % Self.garbage.count])
      garbageLines += 1
    }
  }

  private func write(_ line: [UInt8]) {
    let mark: [UInt8] = options.beginsWithBOM && !hasBegun ? [0xEF, 0xBB, 0xBF] : []
    hasBegun = true
    // Without a reader the output is lost, but the process lives on until its input ends.
    loop.write(mark + line + lineEnd)
  }
}
