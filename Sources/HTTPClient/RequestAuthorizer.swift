package import Protocol

/// Gives each request to one upstream its credentials. Loop-confined; completions are called on the loop, possibly
/// before the method returns.
package protocol RequestAuthorizer: AnyObject {
  /// The fields for one request; may take as long as a refresh takes, which has a deadline of its own.
  func authorize(
    method: String, url: HTTPURL, _ completion: @escaping (Result<Authorization, AuthorizationFailure>) -> Void)

  /// The upstream answered 401, or 403 with a challenge, to a request with `authorization`. Called for each refusal that one
  /// operation meets. `isLast`: it is not repeated once more, so the verdict must say what to do about it.
  func refused(
    _ head: HTTPResponseHead, _ authorization: Authorization, isLast: Bool,
    _ completion: @escaping (AuthorizationVerdict) -> Void)

  /// Every head of an answer to a request with `authorization` passes here: servers hand out nonces in it (RFC 9449 section
  /// 8.2), and what is no refusal proves that the credentials are good.
  func received(_ head: HTTPResponseHead, _ authorization: Authorization)

  /// Calls `completion` when nothing is under way any more whose loss would cost credentials; possibly before the method
  /// returns. Nothing of that kind is begun any more. The caller has a deadline of its own.
  func settle(_ completion: @escaping () -> Void)
}

/// Credentials for one request.
package struct Authorization: Sendable {
  package let fields: [HTTPField]
  /// Different for each access token: a changed one means a new MCP session (contract §6.5).
  package let generation: Int

  package init(fields: [HTTPField], generation: Int) {
    self.fields = fields
    self.generation = generation
  }
}

/// What to do about a refusal.
package enum AuthorizationVerdict: Sendable {
  /// There are other credentials now: authorize again and repeat once; the refused request was not executed.
  case repeatRequest
  case final(AuthorizationFailure)
}

/// Why there are no credentials, or why they do not help.
package struct AuthorizationFailure: Error, Sendable, Equatable {
  /// One of the `auth_*` codes (contract §6.2).
  package let code: ReadinessCode
  /// What the server or the store lacks, in one sentence without secrets, naming the command that helps.
  package let detail: String

  package init(_ code: ReadinessCode, _ detail: String) {
    self.code = code
    self.detail = detail
  }
}
