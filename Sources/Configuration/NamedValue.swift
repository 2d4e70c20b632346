/// One member of a map whose order is kept: an environment variable or a header.
package struct NamedValue: Sendable, Equatable {
  package var name: String
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}
