import Configuration

/// Which public ids clients may see and use (contract §4.4): `deny` wins, an empty `allow` is everything, a pattern is
/// exact unless it is `*` or ends in `*`. Pure.
struct Policy: Sendable {
  private let allow: [Pattern]
  private let deny: [Pattern]

  init(_ settings: PolicySettings) {
    allow = settings.allow.map(Pattern.init)
    deny = settings.deny.map(Pattern.init)
  }

  func allows(_ publicID: String) -> Bool {
    if deny.contains(where: { $0.matches(publicID) }) { return false }
    return allow.isEmpty || allow.contains { $0.matches(publicID) }
  }

  /// Whether an id that begins so can be allowed, whatever ids there are.
  func mayAllow(beginning prefix: String) -> Bool {
    guard !allow.isEmpty else { return isOpen(behind: prefix) }
    return allow.contains { pattern in
      let isBehind = pattern.text.utf8.starts(with: prefix.utf8)
      guard pattern.isPrefix else { return isBehind && allows(pattern.text) }
      if isBehind { return isOpen(behind: pattern.text) }
      return prefix.utf8.starts(with: pattern.text.utf8) && isOpen(behind: prefix)
    }
  }

  /// Whether not all is denied that begins so.
  private func isOpen(behind prefix: String) -> Bool {
    !deny.contains { $0.isPrefix && prefix.utf8.starts(with: $0.text.utf8) }
  }

  private struct Pattern: Sendable {
    let text: String
    let isPrefix: Bool

    init(_ pattern: String) {
      isPrefix = pattern.hasSuffix("*")
      text = isPrefix ? String(pattern.dropLast()) : pattern
    }

    func matches(_ id: String) -> Bool {
      // Bytes, not characters: canonically equivalent texts are different ids.
      isPrefix ? id.utf8.starts(with: text.utf8) : id.utf8.elementsEqual(text.utf8)
    }
  }
}
