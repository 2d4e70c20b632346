import Glibc
import Platform
import Protocol

/// The value of a flag that takes JSON: the text itself, `@file`, or `-` for standard input.
enum JSONArgument {
  /// A byte more is read: the check that follows says so then.
  private static let limit = JSONLimits.message.maxBytes

  /// Reads and checks the value; the error names `flag`, and where the text stops being JSON.
  static func read(_ value: String, flag: String) throws(CommandFailure) -> JSONSlice {
    let bytes: [UInt8]
    let source: String
    do {
      if value == "-" {
        source = "\(flag) (standard input)"
        bytes = try FileContents.read(STDIN_FILENO, limit: limit)
      } else if value.hasPrefix("@") {
        let path = String(value.dropFirst())
        source = "\(flag) (file \(path))"
        let file = try OwnedDescriptor.open(path, O_RDONLY)
        bytes = try FileContents.read(file.number, limit: limit)
      } else {
        source = flag
        bytes = Array(value.utf8)
      }
    } catch {
      throw CommandFailure("\(flag): cannot read \(value == "-" ? "standard input" : "the file")", causes: ["\(error)"])
    }
    do {
      return try JSONSlice(validating: bytes)
    } catch {
      let place = JSONPosition(buffer: bytes, offset: error.offset)
      throw CommandFailure(
        "\(source) is not valid JSON", causes: ["\(error.reason) at line \(place.line), column \(place.column)"])
    }
  }
}
