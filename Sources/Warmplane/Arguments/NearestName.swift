/// Finds the name that somebody probably meant.
enum NearestName {
  /// The nearest of `names`, if one is near: it begins with the text, or few letters differ.
  static func find(_ text: String, among names: [String]) -> String? {
    guard (1...64).contains(text.utf8.count) else { return nil }
    let text = text.lowercased()
    let limit = min(3, max(1, text.utf8.count / 3))
    var best: (name: String, distance: Int)?
    for name in names {
      let distance = distance(Array(text.utf8), Array(name.utf8))
      if distance <= limit, distance < best?.distance ?? .max { best = (name, distance) }
    }
    if let best { return best.name }
    let completions = names.filter { text.utf8.count >= 3 && ($0.hasPrefix(text) || $0.hasSuffix(text)) }
    return completions.count == 1 ? completions[0] : nil
  }

  /// Insertions, deletions, replacements and swaps of neighbours.
  private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var rows = [Array(0...b.count)]
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var cost = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, rows[i - 1][j - 1] + 1) }
        row.append(cost)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
