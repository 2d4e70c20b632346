import Protocol

/// What counts of an authorization server's metadata (RFC 8414 section 2, RFC 9207 section 3, RFC 9449 section 5.1). Pure.
package struct ServerMetadata: Sendable, Equatable {
  /// As the document has it, byte for byte.
  package let issuer: String
  package let authorizationEndpoint: String?
  package let tokenEndpoint: String
  package let registrationEndpoint: String?
  package let scopesSupported: [String]?
  package let codeChallengeMethodsSupported: [String]?
  package let tokenEndpointAuthMethodsSupported: [String]?
  package let authorizationResponseIssParameterSupported: Bool?
  package let clientIDMetadataDocumentSupported: Bool?

  /// Reads a document that was fetched for one of `issuers`. Throws the first thing that makes it useless, to be put
  /// behind its URL.
  ///
  /// - Parameters:
  ///   - issuers: The identifiers that the document may have; compared byte by byte (RFC 8414 section 3.3).
  ///   - needsLogin: Whether a person's login is the aim: then it must have `authorization_endpoint` and S256.
  ///   - rule: Where endpoints may be.
  package init(
    _ body: [UInt8], issuers: [String], needsLogin: Bool, rule: AddressRule
  ) throws(UnfitDocument) {
    let object = try UnfitDocument.object(body)
    guard let issuer = object.member("issuer")?.string else { throw UnfitDocument("has no issuer") }
    guard issuers.contains(where: { Array($0.utf8) == Array(issuer.utf8) }) else {
      throw UnfitDocument("is of another issuer (\(issuer.shown()) instead of \(issuers[0].shown()))")
    }
    self.issuer = issuer
    guard let token = try Self.endpoint(object, "token_endpoint", rule) else {
      throw UnfitDocument("has no token_endpoint")
    }
    tokenEndpoint = token
    let authorization = try Self.endpoint(object, "authorization_endpoint", rule)
    let methods = object.member("code_challenge_methods_supported").flatMap { $0.kind == .array ? $0.strings : nil }
    if needsLogin {
      guard authorization != nil else { throw UnfitDocument("has no authorization_endpoint") }
      guard let methods else { throw UnfitDocument("has no code_challenge_methods_supported; S256 is required") }
      guard methods.contains("S256") else {
        throw UnfitDocument("has code_challenge_methods_supported without S256, which is required")
      }
    }
    authorizationEndpoint = authorization
    codeChallengeMethodsSupported = methods
    registrationEndpoint = try Self.endpoint(object, "registration_endpoint", rule)
    scopesSupported = Self.list(object, "scopes_supported")
    tokenEndpointAuthMethodsSupported = Self.list(object, "token_endpoint_auth_methods_supported")
    authorizationResponseIssParameterSupported = object.member("authorization_response_iss_parameter_supported")?.bool
    clientIDMetadataDocumentSupported = object.member("client_id_metadata_document_supported")?.bool
  }

  private static func list(_ object: JSONSlice, _ name: String) -> [String]? {
    object.member(name).flatMap { $0.kind == .array ? $0.strings : nil }
  }

  /// Nil when the document has none, which includes null and the empty text.
  private static func endpoint(
    _ object: JSONSlice, _ name: String, _ rule: AddressRule
  ) throws(UnfitDocument) -> String? {
    guard let value = object.member(name), !value.isNull, value.string != "" else { return nil }
    guard let text = value.string, let url = HTTPURL(text) else {
      throw UnfitDocument("has a \(name) that is no http(s) URL")
    }
    if let problem = rule.problem(with: url) { throw UnfitDocument("has a \(name) that \(problem) (\(url.shown))") }
    return text
  }
}
