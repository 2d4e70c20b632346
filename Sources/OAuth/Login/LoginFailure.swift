/// Why a login cannot begin.
package struct LoginFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence that says what lacks and who has to act.
  package let detail: String

  package init(_ detail: String) { self.detail = detail }

  package var description: String { detail }
}
