import Glibc
import Platform

/// The way to the command that started this daemon in the background: it waits for one word. Error texts reach it by
/// standard error, which leads there until the daemon serves.
struct StarterPipe: ~Copyable {
  /// What the starter is told.
  enum Word: String {
    /// This daemon accepts connections.
    case ready
    /// Another daemon of this configuration does.
    case occupied
  }

  private static let number: Int32 = 3

  private var pipe: OwnedDescriptor?

  /// Takes descriptor 3 if it is a pipe. Before anything else is opened, because its number could be anybody's then.
  init(isExpected: Bool) {
    var information = stat()
    guard isExpected, fstat(Self.number, &information) == 0, information.st_mode & S_IFMT == S_IFIFO else { return }
    let inherited = OwnedDescriptor(owning: Self.number)
    // A copy, because the inherited one would stay open in every program that is started from here.
    pipe = try? inherited.duplicate()
  }

  /// Says the word and ends the conversation. A starter that is gone is nobody's concern.
  mutating func say(_ word: Word) {
    _ = write("\u{1}\(word.rawValue)\n")
  }

  /// Says why this daemon ends. False when nobody listens.
  mutating func fail(_ message: String) -> Bool { write(message) }

  private mutating func write(_ text: String) -> Bool {
    guard let pipe = pipe.take() else { return false }
    let bytes = Array(text.utf8)
    return Glibc.write(pipe.number, bytes, bytes.count) == bytes.count
  }
}
