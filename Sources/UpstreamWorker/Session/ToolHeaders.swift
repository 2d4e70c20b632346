import Protocol

/// What the schemas of an upstream's tools say about headers (2026-07-28 over HTTP). Pure.
struct ToolHeaders {
  private var schemas: [ExactText: ParameterSchema] = [:]

  /// Takes a list and leaves out the tools that cannot be called as they demand; `problem` is told about each of them.
  /// An incomplete list leaves what is known of other tools.
  mutating func take(_ tools: [JSONSlice], isComplete: Bool, problem: (String) -> Void) -> [JSONSlice] {
    if isComplete { schemas = [:] }
    return tools.filter { tool in
      let name = tool.member("name")?.string ?? ""
      let key = ExactText(name)
      do throws(ParameterSchema.Invalid) {
        let schema = try ParameterSchema(tool.member("inputSchema"))
        schemas[key] = schema.parameters.isEmpty ? nil : schema
        return true
      } catch {
        problem("tool \(name.clipped(to: 100)) is left out: \(error.reason)")
        return false
      }
    }
  }

  /// The headers for the parameters of a `tools/call`.
  func headers(for parameters: JSONSlice) -> [ParameterHeader] {
    guard !schemas.isEmpty, let name = parameters.member("name")?.string, let schema = schemas[ExactText(name)] else {
      return []
    }
    return schema.headers(for: parameters.member("arguments"))
  }
}
