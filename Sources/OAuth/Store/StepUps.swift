/// `stepUps` of a store entry: how often more scope was asked for because the server missed it (SEP-2350). A server that
/// is never satisfied must not have people log in, or us ask, for ever.
package struct StepUps: Sendable, Equatable {
  /// From then on a missing scope is an error that no step-up follows.
  package static let most: Int64 = 3

  package var count: Int64
  /// The configured scope at that time; with another one the count begins anew. nil: none was configured.
  package var configuredScope: String?

  package init(count: Int64, configuredScope: String?) {
    self.count = count
    self.configuredScope = configuredScope
  }

  /// One more.
  init(after old: StepUps?, configured scope: String?) {
    self.init(count: Self.count(old, configured: scope) + 1, configuredScope: ScopeList(scope).text)
  }

  /// How many there were with this configured scope.
  static func count(_ stepUps: StepUps?, configured scope: String?) -> Int64 {
    guard let stepUps, stepUps.configuredScope == ScopeList(scope).text else { return 0 }
    return max(0, min(stepUps.count, most))
  }
}
