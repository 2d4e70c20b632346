import Glibc
import Platform
import Protocol

/// The value of a flag that takes JSON: the text itself, `@file`, or `-` for standard input.
enum JSONArgument {
  /// Reads and checks the value; the error names `flag`, and where the text stops being JSON.
  static func read(_ value: String, flag: String) throws(CommandFailure) -> JSONSlice {
    let bytes: [UInt8]
    let source: String
    do {
      if value == "-" {
        source = "\(flag) (standard input)"
        bytes = try content(of: STDIN_FILENO)
      } else if value.hasPrefix("@") {
        let path = String(value.dropFirst())
        source = "\(flag) (file \(path))"
        let file = try OwnedDescriptor.open(path, O_RDONLY)
        bytes = try content(of: file.number)
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

  /// Everything up to the end, or one byte more than a message may have: the check that follows says so then.
  private static func content(of descriptor: Int32) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while bytes.count <= JSONLimits.message.maxBytes {
      let count = retryingInterrupts { Glibc.read(descriptor, &chunk, 65_536) }
      if count < 0 { throw SystemError("read") }
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    return bytes
  }
}
