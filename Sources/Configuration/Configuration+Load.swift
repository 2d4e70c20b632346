import Glibc
import Protocol

extension Configuration {
  /// Reads and checks a file. The path is used as given; the file must be a regular one of at most 4 MiB.
  ///
  /// Blocks on the file system, so the daemon calls it on a thread of its own or before its loop runs.
  package static func load(path: String, strict: Bool = false) throws(ConfigurationFailure) -> Configuration {
    let bytes: [UInt8]
    switch ConfigurationFile.read(path, limit: ConfigurationParser.maxBytes) {
    case .success(let content):
      bytes = content
    case .failure(let reason):
      let problem = ConfigurationProblem(
        pointer: "", line: nil, column: nil, severity: .error,
        message: "failed to read config file \(path): \(reason.text)")
      throw ConfigurationFailure(path: path, problems: [problem])
    }
    do {
      var configuration = try parse(bytes: bytes, strict: strict)
      configuration.path = path
      return configuration
    } catch {
      throw ConfigurationFailure(path: path, problems: error.problems)
    }
  }

  /// Checks the text of a file. A byte order mark at its beginning is ignored. With `strict` unknown keys are errors.
  package static func parse(bytes: [UInt8], strict: Bool = false) throws(ConfigurationFailure) -> Configuration {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let text = bytes.starts(with: mark) ? Array(bytes.dropFirst(mark.count)) : bytes
    var parser = ConfigurationParser(strict: strict)
    let document: JSONSlice
    do {
      document = try JSONSlice(validating: text, limits: ConfigurationParser.limits)
    } catch {
      parser.problems.add(
        .error, "failed to parse config JSON: \(error.reason)\(hint(at: error.offset, in: text))", pointer: .root,
        offset: error.offset)
      throw ConfigurationFailure(path: "", problems: parser.problems.sorted(in: text))
    }
    var configuration = parser.parse(document)
    let problems = parser.problems.sorted(in: text)
    guard !parser.problems.hasErrors else { throw ConfigurationFailure(path: "", problems: problems) }
    configuration.warnings = problems
    configuration.fingerprint = FNV1a.hex128(bytes)
    return configuration
  }

  /// The two mistakes that people make who know JSON from editors.
  private static func hint(at offset: Int, in text: [UInt8]) -> String {
    guard text.indices.contains(offset) else { return "" }
    switch text[offset] {
    case UInt8(ascii: "/"), UInt8(ascii: "#"):
      return " (comments are not allowed)"
    case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ","):
      let before = text[..<offset].last { !" \t\r\n".utf8.contains($0) }
      return before == UInt8(ascii: ",") ? " (a comma too many)" : ""
    default:
      return ""
    }
  }
}
