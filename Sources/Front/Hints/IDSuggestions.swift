import Protocol

/// Ids that somebody may have meant by an unknown one. Pure.
enum IDSuggestions {
  static let most = 3
  /// Ids that are compared at most; a catalog of thousands costs some milliseconds otherwise.
  private static let mostCompared = 2000
  private static let longestID = 128

  /// The likeliest of `known` (allowed ids only: a suggestion must not leak what policy hides), nearest first.
  static func nearest(to id: String, among known: some Sequence<String>) -> [String] {
    guard !id.isEmpty, id.utf8.count <= longestID else { return [] }
    let wanted = id.lowercased()
    let name = lastPart(wanted)
    let limit = max(2, wanted.utf8.count / 4)
    var found: [(id: String, distance: Int)] = []
    for candidate in known.prefix(mostCompared) where candidate.utf8.count <= longestID {
      let lowered = candidate.lowercased()
      // The right tool under the wrong server, or without one, is nearer than any spelling.
      if lastPart(lowered) == name {
        found.append((candidate, 0))
      } else if abs(lowered.utf8.count - wanted.utf8.count) <= limit {
        let distance = EditDistance.between(lowered.utf8, wanted.utf8)
        if distance <= limit { found.append((candidate, distance)) }
      }
    }
    return found.sorted { ($0.distance, $0.id) < ($1.distance, $1.id) }.prefix(most).map(\.id)
  }

  private static func lastPart(_ id: String) -> Substring { id.split(separator: ".").last ?? id[...] }
}
