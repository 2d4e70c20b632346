import HTTPClient
import Protocol

/// Credentials that are written down in the configuration, or none: they never change, so a refusal is final.
/// Loop-confined.
final class StaticAuthorizer: RequestAuthorizer {
  private let authorization: Authorization

  /// `value`: of `Authorization`; nil: the request gets none.
  init(_ value: String?) {
    authorization = Authorization(fields: value.map { [HTTPField("Authorization", $0)] } ?? [], generation: 0)
  }

  func authorize(
    method: String, url: HTTPURL, _ completion: @escaping (Result<Authorization, AuthorizationFailure>) -> Void
  ) {
    completion(.success(authorization))
  }

  func refused(
    _ head: HTTPResponseHead, _ authorization: Authorization, isLast: Bool,
    _ completion: @escaping (AuthorizationVerdict) -> Void
  ) {
    let detail =
      authorization.fields.isEmpty
      ? "wants credentials, and its entry has no auth" : "refuses the credentials of its entry's auth"
    completion(.final(AuthorizationFailure(.transportUnavailable, detail)))
  }

  func received(_ head: HTTPResponseHead, _ authorization: Authorization) {}

  func settle(_ completion: @escaping () -> Void) { completion() }
}
