package import HTTPClient
package import Protocol

/// Dynamic client registration (RFC 7591). Pure.
package struct ClientRegistration: Sendable, Equatable {
  package var clientName: String
  package var redirectURI: String
  package var scope: ScopeList
  /// `token_endpoint_auth_methods_supported` of the metadata; nil: not listed.
  package var supportedMethods: [String]?

  package init(clientName: String, redirectURI: String, scope: ScopeList, supportedMethods: [String]?) {
    self.clientName = clientName
    self.redirectURI = redirectURI
    self.scope = scope
    self.supportedMethods = supportedMethods
  }

  /// Why registration gave no client, to be put behind the endpoint.
  package struct Problem: Error, Sendable, Equatable {
    package let text: String

    init(_ text: String) { self.text = text }
  }

  /// A public client where that is possible: a secret in a file of a person's machine proves little. Where nothing is
  /// listed the server decides.
  private var method: String? {
    ["none", "client_secret_basic", "client_secret_post"].first { supportedMethods?.contains($0) ?? false }
  }

  /// The client metadata.
  package var body: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("client_name", clientName)
    writer.member("redirect_uris", [redirectURI])
    writer.member("grant_types", ["authorization_code", "refresh_token"])
    writer.member("response_types", ["code"])
    writer.member("application_type", "native")
    if let scope = scope.text { writer.member("scope", scope) }
    if let method { writer.member("token_endpoint_auth_method", method) }
    writer.endObject()
    return writer.finish()
  }

  package func request(to endpoint: HTTPURL, _ rule: AddressRule) -> HTTPRequest {
    let fields = [HTTPField("Content-Type", "application/json"), HTTPField("Accept", "application/json")]
    var request = HTTPRequest("POST", endpoint, fields: fields, body: body)
    request.redirects = .refuse
    request.addresses = rule.addresses(for: endpoint)
    request.totalTimeout = OAuthLimits.requestTime
    request.bodyLimit = OAuthLimits.bodyBytes
    return request
  }

  /// The client that a successful answer describes. The server may have changed what it was asked for; what we could not
  /// use is refused here instead of failing in the browser.
  package func client(_ body: [UInt8]) throws(Problem) -> StoredClient {
    let limits = JSONLimits(maxBytes: OAuthLimits.bodyBytes, maxDepth: 32)
    guard let object = try? JSONSlice(validating: body, limits: limits), object.kind == .object else {
      throw Problem("answered with something that is no JSON object")
    }
    guard let id = object.member("client_id")?.string, !id.isBlankText else {
      throw Problem("answered without client_id")
    }
    var client = StoredClient(clientID: id)
    client.clientSecret = object.member("client_secret")?.string.flatMap { $0.isEmpty ? nil : $0 }
    client.issuedAt = object.member("client_id_issued_at").flatMap(Self.seconds)
    client.secretExpiresAt = object.member("client_secret_expires_at").flatMap(Self.seconds)
    client.tokenEndpointAuthMethod = object.member("token_endpoint_auth_method")?.string.flatMap {
      $0.isEmpty ? nil : $0
    }
    client.registeredScope = scope.text ?? ""
    client.registeredRedirectURI = redirectURI
    switch client.tokenEndpointAuthMethod {
    case nil: break
    case "none"?: client.clientSecret = nil
    case "client_secret_basic"?, "client_secret_post"?:
      guard client.clientSecret != nil else {
        throw Problem("registered a client that must use a secret, and gave none")
      }
    case let other?:
      throw Problem("registered a client that must authenticate by \(other.shown(limit: 60)), which is not supported")
    }
    if let list = object.member("redirect_uris"), list.kind == .array, !list.strings.contains(redirectURI) {
      throw Problem("did not accept the redirect URI \(redirectURI)")
    }
    if let list = object.member("grant_types"), list.kind == .array, !list.strings.contains("authorization_code") {
      throw Problem("registered a client that may not use the grant authorization_code")
    }
    return client
  }

  private static func seconds(_ value: JSONSlice) -> Int64? {
    guard let number = value.double, number >= 0, number < 1e15 else { return nil }
    return Int64(number)
  }
}
