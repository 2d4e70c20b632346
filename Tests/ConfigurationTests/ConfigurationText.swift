import Configuration

/// What is said about a text: `line:column: severity: pointer: message`, without the path.
func findings(in text: String, strict: Bool = false) -> [String] {
  let problems: [ConfigurationProblem]
  do {
    problems = try Configuration.parse(bytes: Array(text.utf8), strict: strict).warnings
  } catch {
    problems = error.problems
  }
  return problems.map { String($0.rendered(path: "").dropFirst()) }
}

/// As `findings`, of one server `s` with these members, whose text starts in line 2, column 1.
func serverFindings(_ members: String, strict: Bool = false) -> [String] {
  findings(in: "{\"mcpServers\":{\"s\":\n{\(members)}}}", strict: strict)
}

/// A configuration that has to be valid.
func configuration(_ text: String) throws -> Configuration {
  try Configuration.parse(bytes: Array(text.utf8))
}

/// A finding without the place in the file and the severity.
func withoutPosition(_ finding: String) -> String {
  guard let range = finding.range(ofFirst: "error: ") else { return finding }
  return String(finding[range.upperBound...])
}
