/// What the authorization server sends the browser back with (RFC 6749 section 4.1.2, RFC 9207), checked in the order that
/// leaves nothing to whoever else knows the callback's address. Pure.
package enum AuthorizationResponse: Sendable, Equatable {
  /// What a pending login expects.
  package struct Expectation: Sendable, Equatable {
    package var state: String
    /// The issuer of the metadata in use; nil: the configuration named endpoints only.
    package var issuer: String?
    /// Whether the server announced that it always sends `iss`.
    package var requiresIssuer: Bool

    package init(state: String, issuer: String?, requiresIssuer: Bool) {
      self.state = state
      self.issuer = issuer
      self.requiresIssuer = requiresIssuer
    }

    package init(state: String, _ record: DiscoveryRecord) {
      self.init(
        state: state, issuer: record.authorizationServer,
        requiresIssuer: record.authorizationResponseIssParameterSupported ?? false)
    }
  }

  case code(String)
  /// Not for this login: `state` is missing or wrong. The login goes on waiting.
  case foreign
  /// For this login, but without a code. The login goes on waiting.
  case withoutCode
  /// The login has failed: why, in one sentence.
  case failed(String)

  package init(_ parameters: [FormEncoding.Parameter], _ expected: Expectation) {
    let states = parameters.filter { $0.name == "state" }
    guard states.count == 1, states[0].value.isEqualInConstantTime(to: expected.state) else {
      self = .foreign
      return
    }
    if let problem = Self.issuerProblem(parameters.filter { $0.name == "iss" }.map(\.value), expected) {
      self = .failed(problem)
      return
    }
    // Behind the issuer check: what a server says that is not the one we asked is not shown (mix-up).
    if let error = parameters.first(where: { $0.name == "error" }) {
      let description = parameters.first { $0.name == "error_description" }
      let details = description.map { ": \($0.value.shown())" } ?? ""
      self = .failed("the authorization server refused the login (\(error.value.shown(limit: 80)))\(details)")
      return
    }
    let codes = parameters.filter { $0.name == "code" && !$0.value.isEmpty }
    self = codes.count == 1 ? .code(codes[0].value) : .withoutCode
  }

  /// Why `iss` is not acceptable; nil: it is. Compared byte by byte, without any normalisation (RFC 9207 section 2.4).
  package static func issuerProblem(_ values: [String], _ expected: Expectation) -> String? {
    guard let value = values.first else {
      guard expected.requiresIssuer else { return nil }
      return "the answer does not name its issuer (iss), although the authorization server announced that it would"
    }
    guard values.count == 1 else { return "the answer names its issuer (iss) more than once" }
    guard let issuer = expected.issuer else {
      return "the answer names an issuer (iss), but none is known to compare it with; configure authorizationServer"
    }
    // Not `==`: Swift compares texts by canonical equivalence.
    guard Array(value.utf8) == Array(issuer.utf8) else {
      return
        "the answer came from another issuer (iss \(value.shown())) than the one that was asked (\(issuer.shown()))"
    }
    return nil
  }
}
