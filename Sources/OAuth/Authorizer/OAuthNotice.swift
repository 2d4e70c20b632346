/// What happens to credentials while requests go on, for the log. Without secrets.
package enum OAuthNotice: Sendable, Equatable {
  /// A renewal failed, and the token that is still valid is used (contract §8.1).
  case reusingToken(error: String)
  /// New tokens are in use, but the store could not be written: other processes do not have them.
  case notSaved(error: String)

  /// `message` of the record.
  package var message: String {
    switch self {
    case .reusingToken: "oauth refresh failed before expiry; reusing current token"
    case .notSaved: "oauth tokens could not be saved; they are used in memory only"
    }
  }

  /// `error` of the record.
  package var error: String {
    switch self {
    case .reusingToken(let error), .notSaved(let error): error
    }
  }
}
