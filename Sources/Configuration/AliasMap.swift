package import Protocol

/// The public names of one kind of entry. No two source ids share a public id.
package struct AliasMap: Sendable, Equatable {
  /// Source id (`<server>.<tool>`, `<server>.<uri>`, `<server>.<prompt>`) to public id.
  package var publicIDs: [ExactText: String] = [:]

  package init() {}

  /// The id under which clients see an entry: its alias, else the source id.
  package func publicID(of sourceID: String) -> String {
    publicIDs[ExactText(sourceID)] ?? sourceID
  }
}
