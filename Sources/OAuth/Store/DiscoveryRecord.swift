/// `discovery` of a store entry: where a server's authorization server is and what it can do (RFC 9728, RFC 8414). Only
/// warmplane writes it. nil: not known.
package struct DiscoveryRecord: Sendable, Equatable {
  package var resourceMetadataURL: String?
  /// The issuer, byte for byte as the metadata have it: what `iss` is compared with (RFC 9207).
  package var authorizationServer: String?
  /// Where the authorization server's metadata were found.
  package var authorizationMetadataURL: String?
  package var authorizationEndpoint: String?
  package var tokenEndpoint: String?
  package var registrationEndpoint: String?
  package var scopesSupported: [String]?
  package var codeChallengeMethodsSupported: [String]?
  package var tokenEndpointAuthMethodsSupported: [String]?
  package var authorizationResponseIssParameterSupported: Bool?
  package var clientIDMetadataDocumentSupported: Bool?
  /// The resource's own `scopes_supported` (RFC 9728): what a login asks for when neither the configuration nor a
  /// challenge says. `resourceScopesSupported` in the file, as the names of the following three are.
  package var resourceScopesSupported: [String]?
  /// `scope` of the challenge that discovery met, space separated. It goes before `resourceScopesSupported`.
  package var initialScope: String?
  /// Whether the authorization server's own `scopes_supported` has `offline_access`: only then may it be asked for.
  package var offlineAccessSupported: Bool?
  /// Whether the resource wants tokens that are bound to a key (RFC 9449).
  package var dpopBoundAccessTokensRequired: Bool?
  /// Seconds since 1970; nil: written without it, or put together from the configuration. Decides whether `start` and
  /// `login` ask the network again.
  package var discoveredAt: Int64?

  package init() {}

  /// Whether PKCE with S256 is announced (RFC 7636 section 4.2).
  package var supportsS256: Bool { codeChallengeMethodsSupported?.contains("S256") ?? false }

  /// Whether nothing says that `other` is of another authorization server. Records that the configuration gave may have
  /// no issuer; then the token endpoint tells, for that is where secrets go.
  package func isSameServer(as other: DiscoveryRecord) -> Bool {
    if let authorizationServer, let server = other.authorizationServer { return authorizationServer == server }
    guard let tokenEndpoint, let endpoint = other.tokenEndpoint else { return true }
    return tokenEndpoint == endpoint
  }

  /// How long `start` and `login` use a record without asking again, in seconds.
  package static let freshSeconds: Int64 = 24 * 3600

  /// Whether the record was discovered less than a day before `now` (seconds since 1970). A time in the future counts as
  /// old: the clock was set back.
  package func isFresh(at now: Int64) -> Bool {
    guard let discoveredAt, discoveredAt <= now else { return false }
    return now - discoveredAt < Self.freshSeconds
  }
}
