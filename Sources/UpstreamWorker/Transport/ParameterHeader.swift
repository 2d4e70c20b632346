/// An argument of a tool that an HTTP upstream wants to see in the header `Mcp-Param-<name>` too.
struct ParameterHeader: Equatable {
  /// As the schema spells it, without the prefix.
  let name: String
  /// Not yet encoded for a header.
  let value: String
}
