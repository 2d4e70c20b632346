/// An argument of a tool that an HTTP upstream wants to see in the header `Mcp-Param-<name>` too.
package struct ParameterHeader: Sendable, Equatable {
  /// As the schema spells it, without the prefix.
  package let name: String
  /// Not yet encoded for a header.
  package let value: String

  package init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}
