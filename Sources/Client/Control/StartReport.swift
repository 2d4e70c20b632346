import Glibc
import Platform

/// What a daemon says on the pipe of its starter: a control character and a word when it listens, or when another one
/// does; everything else is the text of its error.
struct StartReport {
  enum Outcome: Equatable {
    case ready
    /// Another daemon of the same configuration listens.
    case occupied
    /// It ended; the text is its own.
    case failed(String)
  }

  private static let mark: UInt8 = 0x01
  /// More than this of an error text is not kept, in bytes.
  private static let limit = 64 * 1024

  /// Known once the daemon has said enough.
  private(set) var outcome: Outcome?
  private var text: [UInt8] = []

  /// Reads once; blocks when nothing is there.
  mutating func read(from descriptor: borrowing OwnedDescriptor) {
    var chunk = [UInt8](repeating: 0, count: 4096)
    let count = retryingInterrupts { Glibc.read(descriptor.number, &chunk, chunk.count) }
    if count > 0 { add(chunk[..<count]) } else { end() }
  }

  mutating func add(_ bytes: ArraySlice<UInt8>) {
    text += bytes.prefix(Self.limit - text.count)
    guard let mark = text.firstIndex(of: Self.mark), let end = text[mark...].firstIndex(of: 0x0A) else { return }
    switch String(decoding: text[(mark + 1)..<end], as: UTF8.self) {
    case "ready": outcome = .ready
    case "occupied": outcome = .occupied
    default: text[mark] = UInt8(ascii: "?")
    }
  }

  /// The daemon has ended, or at least closed the pipe.
  mutating func end() {
    guard outcome == nil else { return }
    var message = String(decoding: text, as: UTF8.self)
    if message.hasPrefix("Error: ") { message.removeFirst(7) }
    while message.last?.isWhitespace == true { message.removeLast() }
    outcome = .failed(message.isEmpty ? "it ended at once and said nothing" : message)
  }
}
