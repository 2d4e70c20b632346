import Protocol

/// An object of the file with its members by name and in order. Of repeated names the first counts; the repetition is
/// reported for the whole file at once (`RepeatedMembers`).
struct ConfigurationObject {
  struct Member {
    var name: String
    /// Byte offset of the name.
    var nameOffset: Int
    var node: ConfigurationNode
  }

  let node: ConfigurationNode
  private(set) var members: [Member] = []
  private var positions: [String: Int] = [:]

  /// The node must be an object.
  init(_ node: ConfigurationNode) {
    self.node = node
    for (key, value) in node.value.members {
      guard let name = key.string, positions[name] == nil else { continue }
      positions[name] = members.count
      members.append(Member(name: name, nameOffset: key.range.lowerBound, node: node.child(name, value)))
    }
  }

  /// The member as it is, null included.
  subscript(name: String) -> ConfigurationNode? {
    positions[name].map { members[$0].node }
  }

  /// The member unless it is absent or null.
  func given(_ name: String) -> ConfigurationNode? {
    guard let node = self[name], !node.value.isNull else { return nil }
    return node
  }
}
