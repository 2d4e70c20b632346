import Configuration
import Protocol

/// `Configuration.parse` and the expansion of what it accepts: every text is either used or refused with problems that
/// have a place and fit on a line, in the order of the text.
struct ConfigurationFuzzTarget: FuzzTarget {
  static let name = "configuration"

  static let tokens: [[UInt8]] = [
    "\"mcpServers\":{", "\"s\":{", "\"command\":\"c\",", "\"url\":\"u\",", "\"args\":[\"a\"],",
    "\"env\":{\"A\":\"b\"},",
    "\"headers\":{\"A\":\"b\"},", "\"auth\":{\"type\":\"bearer\",\"token\":\"t\"},", "\"type\":\"basic\",",
    "\"type\":\"oauth\",", "\"type\":\"http\",", "\"disabled\":true,", "\"timeout\":0,", "\"policy\":{", "\"daemon\":{",
    "\"capabilityAliases\":{\"a\":\"b\",\"c\":\"b\"},", "\"bind\":\"::1\",", "\"port\":65536,", "{env:", "${env:A}",
    "${", "${A:-", "}", "{", "[", "]", ",", "null", "\"\"", "\" \"", "\\n", "\\u0000", "\n", "\r", "é", "😀",
  ].map { Array($0.utf8) }

  func run(_ input: [UInt8], random: inout some RandomNumberGenerator) throws {
    let lenient = outcome(input, strict: false)
    let strict = outcome(input, strict: true)
    for (_, problems) in [lenient, strict] {
      try check(problems, input)
    }
    try require(lenient.configuration != nil || strict.configuration == nil, "accepted only when strict")
    try require(lenient.problems.map(\.pointer) == strict.problems.map(\.pointer), "strict finds something else")
    guard let configuration = lenient.configuration else {
      try require(lenient.problems.contains { $0.severity == .error }, "refused without an error")
      return
    }
    try require(lenient.problems.allSatisfy { $0.severity == .warning }, "accepted with an error")
    try require(configuration.servers.allSatisfy { !$0.id.isEmpty }, "a server without an id")
    try require(
      Set(configuration.servers.map(\.id)).count == configuration.servers.count, "two servers with one id")
    for server in configuration.servers {
      try checkExpansion(of: server)
    }
  }

  func signature(of input: [UInt8]) -> UInt64 {
    let (configuration, problems) = outcome(input, strict: false)
    var hash: UInt64 = configuration.map { UInt64(min($0.servers.count, 3)) } ?? 8
    for problem in problems.prefix(4) {
      // The words of a message up to what it quotes tell the rule.
      for byte in problem.message.utf8.prefix(60).prefix(while: { $0 != UInt8(ascii: "\"") }) {
        hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
      }
    }
    return hash
  }

  private func outcome(
    _ input: [UInt8], strict: Bool
  ) -> (configuration: Configuration?, problems: [ConfigurationProblem]) {
    do {
      let configuration = try Configuration.parse(bytes: input, strict: strict)
      return (configuration, configuration.warnings)
    } catch {
      return (nil, error.problems)
    }
  }

  private func check(_ problems: [ConfigurationProblem], _ input: [UInt8]) throws {
    var previous = (line: 1, column: 1)
    let end = JSONPosition(buffer: input, offset: input.count)
    for problem in problems {
      guard let line = problem.line, let column = problem.column else {
        throw FuzzFailure("a problem without a place: \(problem)")
      }
      try require((line, column) >= previous, "out of order: \(problem)")
      try require((line, column) <= (end.line, max(end.column, column)), "behind the text: \(problem)")
      try require(problem.pointer.isEmpty || problem.pointer.hasPrefix("/"), "no pointer: \(problem)")
      try require(
        problem.rendered(path: "p").utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "more than a line: \(problem)")
      previous = (line, column)
    }
  }

  /// Without a reference nothing changes; with all variables set to a text without references, none is left.
  private func checkExpansion(of server: ServerEntry) throws {
    let templates = TemplateExpansion { _ in "x" }
    guard let expanded = try? server.expanded(with: templates) else { return }
    let before = Self.values(of: server)
    let after = Self.values(of: expanded)
    try require(before.count == after.count, "expansion changes how many values there are")
    for (before, after) in zip(before, after) {
      try require(before.contains("{") || before == after, "changed although it has no reference")
      try require(after.utf8.count <= TemplateExpansion.maxBytes, "longer than the limit")
      try require(!after.utf8.contains(0), "contains NUL")
    }
  }

  private static func values(of server: ServerEntry) -> [String] {
    switch server.transport {
    case .stdio(let entry): [entry.command] + entry.args + entry.env.map(\.value) + (entry.cwd.map { [$0] } ?? [])
    case .http(let entry): [entry.url] + entry.headers.map(\.value)
    }
  }
}
