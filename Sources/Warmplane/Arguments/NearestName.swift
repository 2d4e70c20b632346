import Protocol

/// Finds the name that somebody probably meant.
enum NearestName {
  /// The nearest of `names`, if one is near: it begins with the text, or few letters differ.
  static func find(_ text: String, among names: [String]) -> String? {
    guard (1...64).contains(text.utf8.count) else { return nil }
    let text = text.lowercased()
    let limit = min(3, max(1, text.utf8.count / 3))
    var best: (name: String, distance: Int)?
    for name in names {
      let distance = EditDistance.between(text.utf8, name.utf8)
      if distance <= limit, distance < best?.distance ?? .max { best = (name, distance) }
    }
    if let best { return best.name }
    let completions = names.filter { text.utf8.count >= 3 && ($0.hasPrefix(text) || $0.hasSuffix(text)) }
    return completions.count == 1 ? completions[0] : nil
  }
}
