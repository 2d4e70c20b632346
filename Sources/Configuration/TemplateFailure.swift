/// Why a server's templates could not be expanded: the server is `config_invalid` until the next `reload`.
package struct TemplateFailure: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Reason: Sendable, Equatable {
    case unset(String)
    case emptyName
    case unterminated
    case tooLong
    /// The expanded text cannot be used where it stands.
    case unusable(String)
  }

  /// The key below the server, such as `url` or `env.API_KEY`.
  package var field: String
  package var reason: Reason

  package init(field: String, reason: Reason) {
    self.field = field
    self.reason = reason
  }

  /// A sentence without the server id. Never contains the value of a variable.
  package var description: String {
    switch reason {
    case .unset(let name):
      "\(field): the variable \(name.quoted) is not set (the environment of the daemon counts, not the caller's)"
        .escapingControls
    case .emptyName:
      "\(field): a template names no variable".escapingControls
    case .unterminated:
      "\(field): a template has no closing \"}\"".escapingControls
    case .tooLong:
      "\(field): the expanded text is longer than \(TemplateExpansion.maxBytes) bytes".escapingControls
    case .unusable(let detail):
      "\(field): \(detail)".escapingControls
    }
  }
}
