import Protocol

/// A value of the file, where it is, and the server it belongs to.
struct ConfigurationNode {
  var value: JSONSlice
  var pointer: JSONPointer
  /// Named in every message about the value.
  var server: String?

  /// Byte offset of the value in the text.
  var offset: Int { value.range.lowerBound }

  func child(_ name: String, _ value: JSONSlice) -> ConfigurationNode {
    ConfigurationNode(value: value, pointer: .member(of: pointer, name), server: server)
  }

  /// The items of an array.
  var items: [ConfigurationNode] {
    value.elements.enumerated().map { index, element in
      ConfigurationNode(value: element, pointer: .item(of: pointer, index), server: server)
    }
  }
}
