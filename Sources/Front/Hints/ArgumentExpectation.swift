import Protocol

/// What a tool or a prompt expects of its arguments object: names only, of a schema those at its top level.
enum ArgumentExpectation {
  /// Names of each kind that are told at most.
  private static let most = 50

  /// Nil when the schema names no properties.
  static func of(_ tool: JSONSlice) -> FailureHint.Expected? {
    guard let schema = tool.member("inputSchema"), let properties = schema.member("properties"),
      properties.kind == .object
    else { return nil }
    let required = (schema.member("required")?.strings ?? []).prefix(most)
    let optional = properties.members.lazy.compactMap(\.key.string).filter { !required.contains($0) }.prefix(most)
    return FailureHint.Expected(required: Array(required), optional: Array(optional))
  }

  /// Nil when the prompt lists no arguments.
  static func ofPrompt(_ prompt: JSONSlice) -> FailureHint.Expected? {
    guard let arguments = prompt.member("arguments") else { return nil }
    var expected = FailureHint.Expected(required: [], optional: [])
    for argument in arguments.elements.prefix(most) {
      guard let name = argument.member("name")?.string else { continue }
      if argument.member("required")?.bool == true {
        expected.required.append(name)
      } else {
        expected.optional.append(name)
      }
    }
    return expected.required.isEmpty && expected.optional.isEmpty ? nil : expected
  }
}
