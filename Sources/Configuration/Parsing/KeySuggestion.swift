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
      let distance = distance(Array(folded.utf8), Array(fold(candidate).utf8))
      if distance <= limit, distance < best?.distance ?? .max {
        best = (candidate, distance)
      }
    }
    return best?.key
  }

  private static func fold(_ key: String) -> String {
    key.lowercased().filter { $0 != "_" && $0 != "-" }
  }

  /// Optimal string alignment: insertions, deletions, replacements and swaps of neighbours.
  private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
    var beforePrevious: [Int] = []
    var previous = Array(0...b.count)
    for i in 1...a.count {
      var current = [i]
      for j in 1...b.count {
        var best = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          best = min(best, beforePrevious[j - 2] + 1)
        }
        current.append(best)
      }
      beforePrevious = previous
      previous = current
    }
    return previous[b.count]
  }
}
