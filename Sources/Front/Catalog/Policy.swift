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
