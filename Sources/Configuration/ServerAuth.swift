/// How requests to an HTTP upstream are authorised.
package enum ServerAuth: Sendable, Equatable {
  /// Where a secret comes from. Text in the file is used as it is, blanks included.
  package enum Secret: Sendable, Equatable {
    case text(String)
    /// The name of a variable of the daemon's environment.
    case variable(String)
  }

  case bearer(token: Secret)
  case basic(username: String, password: Secret)
  case oauth(OAuthSettings)

  /// The variable that the secret is read from, if it is read from one.
  package var secretVariable: String? {
    let secret: Secret?
    switch self {
    case .bearer(let token): secret = token
    case .basic(_, let password): secret = password
    case .oauth(let settings): secret = settings.clientSecret
    }
    guard case .variable(let name) = secret else { return nil }
    return name
  }
}
