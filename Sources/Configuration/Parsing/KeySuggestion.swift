import Protocol

/// Finds the key that somebody probably meant.
enum KeySuggestion {
  /// What other programs call the same thing.
  private static let synonyms = [
    "enabled": "disabled", "environment": "env", "httpurl": "url", "mcp": "mcpServers", "serverurl": "url",
    "servers": "mcpServers", "timeoutms": "timeout", "workingdirectory": "cwd",
  ]

  /// The nearest of the known keys, if one is near. Case, `_` and `-` do not count as differences.
  static func nearest(to key: String, among known: [String]) -> String? {
    guard key.utf8.count <= 64 else { return nil }
    let folded = fold(key)
    if let synonym = synonyms[folded], known.contains(synonym) { return synonym }
    let limit = min(3, max(1, folded.utf8.count / 3))
    var best: (key: String, distance: Int)?
    for candidate in known {
      let distance = EditDistance.between(folded.utf8, fold(candidate).utf8)
      if distance <= limit, distance < best?.distance ?? .max {
        best = (candidate, distance)
      }
    }
    return best?.key
  }

  private static func fold(_ key: String) -> String {
    key.lowercased().filter { $0 != "_" && $0 != "-" }
  }
}
