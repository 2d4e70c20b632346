import Client
import Protocol

/// An answer as it goes to standard output.
enum AnswerText {
  /// The text with its line break. Without a `form`: pretty on a terminal, else compact.
  static func bytes(_ body: JSONSlice, form: OutputForm?, style: TextStyle) -> [UInt8] {
    switch form ?? (style.isTerminal ? .pretty : .json) {
    case .json: return body.compacted() + [0x0A]
    case .table:
      if let list = ListText(body) { return Array(list.rendered(style).utf8) }
      return pretty(body, style)
    case .pretty: return pretty(body, style)
    }
  }

  /// Prints the answer of a command that operates the daemon: compact and on one line. A refusal is thrown, as its message.
  static func printed(_ answer: ServiceAnswer) throws(CommandFailure) -> ExitCode {
    guard answer.isSuccess else { throw CommandFailure(refusal: answer) }
    return Console.output(answer.body.compacted() + [0x0A])
  }

  private static func pretty(_ body: JSONSlice, _ style: TextStyle) -> [UInt8] {
    let text = body.pretty()
    return (style.isTerminal ? withoutControls(text) : text) + [0x0A]
  }

  /// DEL and the controls U+0080 to U+009F as escapes: JSON allows them in strings as they are, and a terminal would
  /// obey them. The text means the same.
  private static func withoutControls(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var index = 0
    while index < text.count {
      let byte = text[index]
      let next = index + 1 < text.count ? text[index + 1] : 0
      if byte == 0x7F {
        result += Array("\\u007f".utf8)
      } else if byte == 0xC2, (0x80...0x9F).contains(next) {
        result += Array("\\u00\(String(next, radix: 16))".utf8)
        index += 1
      } else {
        result.append(byte)
      }
      index += 1
    }
    return result
  }
}
