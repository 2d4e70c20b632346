/// The lists of `policy` as written. Patterns match public ids: `*` is everything, a trailing `*` a prefix, anything
/// else exact.
package struct PolicySettings: Sendable, Equatable {
  /// Empty = everything that is not denied.
  package var allow: [String] = []
  /// Wins over `allow`.
  package var deny: [String] = []
  /// Member names whose values are replaced in logged copies, in any case.
  package var redactKeys: [String] = []

  package init() {}
}
