/// One header field.
package struct HTTPField: Sendable, Equatable {
  /// As it is sent; compared without regard to case.
  package let name: String
  package let value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

extension [HTTPField] {
  /// The values of all fields of that name, in order.
  package func values(_ name: String) -> [String] {
    let name = name.lowercased()
    return filter { $0.name.lowercased() == name }.map(\.value)
  }

  /// The value of the first field of that name.
  package func first(_ name: String) -> String? { values(name).first }
}
