import Protocol

/// What a tool's schema expects of its arguments object: names only, as far as the top level of the schema tells.
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
}
