/// As which client a login presents itself (contract §7.6). Pure.
package enum ClientIdentity: Sendable, Equatable {
  /// Known already: configured, registered before, or the URL of our metadata document.
  case known(StoredClient)
  /// To be registered at this endpoint.
  case register(endpoint: String)
  /// There is none: what to do, in one sentence.
  case impossible(String)

  /// The first that applies: configured; stored for this very authorization server and usable at `now` (seconds since
  /// 1970); our metadata document; registration.
  ///
  /// `scope`: what a new login asks for. A client that was registered for less, or to be sent back to somewhere else,
  /// would be refused in the browser, so another one is registered. nil: the login has begun already.
  package init(
    _ profile: OAuthProfile, _ record: DiscoveryRecord, _ entry: StoreEntry?, scope: ScopeList? = nil, now: Int64
  ) {
    if let problem = Self.issuerProblem(profile, record) {
      self = .impossible(problem)
    } else if let id = profile.clientID {
      self = .known(StoredClient(clientID: id, clientSecret: profile.clientSecret))
    } else if let client = Self.stored(profile, record, entry, now: now), Self.fits(client, profile, record, scope) {
      self = .known(client)
    } else if let url = profile.clientMetadataURL, record.clientIDMetadataDocumentSupported == true {
      self = .known(StoredClient(clientID: url))
    } else if let endpoint = record.registrationEndpoint {
      self = .register(endpoint: endpoint)
    } else {
      self = .impossible(
        "the authorization server \(record.authorizationServer?.shown() ?? "") registers no clients by itself; "
          + "register one there and configure its clientId")
    }
  }

  /// Why the client's credentials must not be used with this authorization server; nil: they may be.
  package static func issuerProblem(_ profile: OAuthProfile, _ record: DiscoveryRecord) -> String? {
    guard let issuer = profile.issuer, let server = record.authorizationServer,
      Array(issuer.utf8) != Array(server.utf8)
    else { return nil }
    return "the authorization server is \(server.shown()), but auth.issuer permits \(issuer.shown()) only"
  }

  /// Whether a login may come as `client`.
  private static func fits(
    _ client: StoredClient, _ profile: OAuthProfile, _ record: DiscoveryRecord, _ scope: ScopeList?
  ) -> Bool {
    guard let scope, record.registrationEndpoint != nil else { return true }
    if let uri = client.registeredRedirectURI, uri != profile.redirectURI { return false }
    return client.registeredScope.map { ScopeList($0).covers(scope) } ?? true
  }

  private static func stored(
    _ profile: OAuthProfile, _ record: DiscoveryRecord, _ entry: StoreEntry?, now: Int64
  ) -> StoredClient? {
    guard let entry, entry.isFor(profile.serverURL), let client = entry.clientInfo, client.isUsable(at: now) else {
      return nil
    }
    // An entry without a record is another program's; who its client is registered with is not known, and it was stored
    // for this server.
    if let server = entry.discovery?.authorizationServer, server != record.authorizationServer { return nil }
    return client
  }
}
