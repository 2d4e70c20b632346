package import HTTPClient
package import Protocol

/// How the authorization server of a resource is found (contract §7.5, MCP authorization of 2026-07-28), as a state
/// machine: it says what to fetch, is told what came, and ends with a record or a failure. Pure.
///
/// Nothing is guessed: an endpoint that no document names is none. What a document lacks makes it worthless, and the next
/// place is tried; but a metadata document of the resource that is for another resource, or that cannot be had because of
/// an outage, ends the search, for the next place would be a step down.
package struct Discovery: Sendable {
  package enum Step: Sendable {
    case fetch(Fetch)
    case done(DiscoveryRecord)
    case failed(DiscoveryFailure)
  }

  /// A GET to make.
  package struct Fetch: Sendable, Equatable {
    package enum Purpose: Sendable, Equatable {
      /// Only the head of the answer counts; the body may be an endless stream.
      case challenge
      case resourceMetadata
      case serverMetadata
    }

    package let purpose: Purpose
    package let url: HTTPURL
    package let addresses: HTTPRequest.Addresses
  }

  /// What came of a fetch.
  package enum Outcome: Sendable {
    case answer(status: Int, fields: [HTTPField], body: [UInt8])
    case failed(HTTPFailure)
  }

  private let profile: OAuthProfile
  private let rule: AddressRule
  private var resourceCandidates: [HTTPURL]
  private var serverCandidates: [HTTPURL] = []
  /// The identifiers that the authorization server's document may have.
  private var issuers: [String] = []
  private var record = DiscoveryRecord()
  private var resourceScopes: [String]?
  /// What every document that did not count lacked, with its URL.
  private var notes: [String] = []
  private var wasOutage = false
  package private(set) var step: Step

  package init(_ profile: OAuthProfile) {
    self.profile = profile
    rule = profile.addressRule
    resourceCandidates = MetadataURLs.resource(profile.url)
    // The operator named it; what it answers is not trusted with anything yet.
    step = .fetch(Fetch(purpose: .challenge, url: profile.url, addresses: .any))
  }

  /// Takes what came of the fetch that `step` asks for.
  package mutating func handle(_ outcome: Outcome) {
    guard case .fetch(let fetch) = step else { return }
    switch fetch.purpose {
    case .challenge: handleChallenge(fetch, outcome)
    case .resourceMetadata: handleResource(fetch, outcome)
    case .serverMetadata: handleServer(fetch, outcome)
    }
  }

  // MARK: The challenge

  private mutating func handleChallenge(_ fetch: Fetch, _ outcome: Outcome) {
    switch outcome {
    case .failed(let failure):
      // A server may hold a GET open without a word; one that cannot be reached need not be asked for its metadata.
      if failure.endsSearch { return fail("\(fetch.url.shown) \(failure.detail)", isTransient: true) }
    case .answer(401, let fields, _): read(AuthenticationChallenge.parse(fields.values("www-authenticate")))
    case .answer: break
    }
    nextResource()
  }

  private mutating func read(_ challenges: [AuthenticationChallenge]) {
    let ours = challenges.filter { $0.scheme == "bearer" || $0.scheme == "dpop" }
    record.initialScope = ours.compactMap { ScopeList($0["scope"]).text }.first
    if !ours.isEmpty, ours.allSatisfy({ $0.scheme == "dpop" }) { record.dpopBoundAccessTokensRequired = true }
    guard let text = (ours + challenges).compactMap({ $0["resource_metadata"] }).first else { return }
    guard let url = HTTPURL(text) else {
      notes.append("the challenge's resource_metadata (\(text.shown())) is no http(s) URL")
      return
    }
    resourceCandidates.removeAll { $0 == url }
    resourceCandidates.insert(url, at: 0)
  }

  // MARK: The resource's metadata

  private mutating func nextResource() {
    while !resourceCandidates.isEmpty {
      let url = resourceCandidates.removeFirst()
      guard let problem = rule.problem(with: url) else {
        step = .fetch(Fetch(purpose: .resourceMetadata, url: url, addresses: rule.addresses(for: url)))
        return
      }
      notes.append("\(url.shown) \(problem)")
    }
    // Servers of 2025-03-26 have no such document: their origin is the authorization server. Its identifier may be
    // written with the slash of its empty path.
    let origin = profile.url.origin.description
    search([origin, "\(origin)/"])
  }

  private mutating func handleResource(_ fetch: Fetch, _ outcome: Outcome) {
    let body: [UInt8]
    switch outcome {
    case .failed(let failure) where failure.isRefusal:
      notes.append("\(fetch.url.shown) \(failure.detail)")
      return nextResource()
    case .failed(let failure): return fail("\(fetch.url.shown) \(failure.detail)", isTransient: true)
    case .answer(let status, _, _) where status == 429 || status >= 500:
      return fail("\(fetch.url.shown) answered \(status)", isTransient: true)
    case .answer(200, _, let bytes): body = bytes
    case .answer(let status, _, _):
      notes.append("\(fetch.url.shown) answered \(status)")
      return nextResource()
    }
    let metadata: ResourceMetadata
    do throws(UnfitDocument) {
      metadata = try ResourceMetadata(body)
    } catch {
      notes.append("\(fetch.url.shown) \(error.text)")
      return nextResource()
    }
    guard metadata.covers(profile.url) else {
      return fail(
        "\(fetch.url.shown) is for another resource (\(metadata.resource.shown)), not for \(profile.url.shown)")
    }
    guard let issuer = choose(metadata.authorizationServers) else {
      let reason = metadata.authorizationServers.isEmpty ? "names no authorization_servers" : notListed
      return fail("\(fetch.url.shown) \(reason)")
    }
    record.resourceMetadataURL = fetch.url.description
    resourceScopes = metadata.scopesSupported
    if metadata.dpopBoundAccessTokensRequired { record.dpopBoundAccessTokensRequired = true }
    search([issuer])
  }

  /// The one that the configuration permits, else the first.
  private func choose(_ servers: [String]) -> String? {
    guard let issuer = profile.issuer else { return servers.first }
    return servers.first { Array($0.utf8) == Array(issuer.utf8) }
  }

  private var notListed: String {
    "does not list the authorization server that auth.issuer permits (\(profile.issuer?.shown() ?? ""))"
  }

  // MARK: The authorization server's metadata

  private mutating func search(_ identifiers: [String]) {
    issuers = identifiers
    guard let url = HTTPURL(identifiers[0]), url.query == nil, !identifiers[0].contains("#") else {
      return fail("the authorization server's identifier (\(identifiers[0].shown())) is no URL of an issuer")
    }
    if let problem = rule.problem(with: url) {
      return fail("the authorization server \(url.shown) \(problem)")
    }
    serverCandidates = MetadataURLs.authorizationServer(url)
    nextServer()
  }

  private mutating func nextServer() {
    guard !serverCandidates.isEmpty else {
      return fail(
        "no usable metadata of an authorization server: \(notes.joined(separator: "; "))", isTransient: wasOutage)
    }
    let url = serverCandidates.removeFirst()
    step = .fetch(Fetch(purpose: .serverMetadata, url: url, addresses: rule.addresses(for: url)))
  }

  private mutating func handleServer(_ fetch: Fetch, _ outcome: Outcome) {
    switch outcome {
    case .failed(let failure):
      notes.append("\(fetch.url.shown) \(failure.detail)")
      wasOutage = wasOutage || !failure.isRefusal
    case .answer(200, _, let body):
      do throws(UnfitDocument) {
        let needsLogin = profile.grant == .authorizationCode
        return finish(
          try ServerMetadata(body, issuers: issuers, needsLogin: needsLogin, rule: rule), foundAt: fetch.url)
      } catch {
        notes.append("\(fetch.url.shown) \(error.text)")
      }
    case .answer(let status, _, _):
      notes.append("\(fetch.url.shown) answered \(status)")
      wasOutage = wasOutage || status == 429 || status >= 500
    }
    nextServer()
  }

  private mutating func finish(_ metadata: ServerMetadata, foundAt url: HTTPURL) {
    record.authorizationServer = metadata.issuer
    record.authorizationMetadataURL = url.description
    record.authorizationEndpoint = metadata.authorizationEndpoint
    record.tokenEndpoint = metadata.tokenEndpoint
    record.registrationEndpoint = metadata.registrationEndpoint
    record.scopesSupported = metadata.scopesSupported ?? resourceScopes
    record.resourceScopesSupported = resourceScopes
    record.offlineAccessSupported = metadata.scopesSupported?.contains("offline_access")
    record.codeChallengeMethodsSupported = metadata.codeChallengeMethodsSupported
    record.tokenEndpointAuthMethodsSupported = metadata.tokenEndpointAuthMethodsSupported
    record.authorizationResponseIssParameterSupported = metadata.authorizationResponseIssParameterSupported
    record.clientIDMetadataDocumentSupported = metadata.clientIDMetadataDocumentSupported
    if let problem = ClientIdentity.issuerProblem(profile, record) { return fail(problem) }
    step = .done(record)
  }

  private mutating func fail(_ detail: String, isTransient: Bool = false) {
    step = .failed(DiscoveryFailure(detail, isTransient: isTransient))
  }
}

extension HTTPFailure {
  /// The peer cannot be reached at all; asking it for something else is of no use.
  fileprivate var endsSearch: Bool {
    switch reason {
    case .libraryMissing, .resolve, .connect, .tls, .connectTimeout, .cancelled, .busy: true
    case .invalidRequest, .forbiddenAddress, .redirect, .firstByteTimeout, .idleTimeout, .totalTimeout, .tooLarge,
      .broken:
      false
    }
  }

  /// It is we who do not want what is there; another time would bring the same.
  fileprivate var isRefusal: Bool {
    switch reason {
    case .invalidRequest, .forbiddenAddress, .redirect, .tooLarge: true
    case .libraryMissing, .resolve, .connect, .tls, .connectTimeout, .firstByteTimeout, .idleTimeout, .totalTimeout,
      .broken, .cancelled, .busy:
      false
    }
  }
}
