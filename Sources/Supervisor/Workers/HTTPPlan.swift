import Configuration
import Protocol

/// What an HTTP server's entry says about reaching it, with templates and secrets resolved. Complete but for the place of
/// the credential store, which depends on the files that exist when the server starts.
struct HTTPPlan {
  private static let proxyVariables: Set<String> = [
    "http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
  ]

  private let entry: HTTPEntry
  private let revision: ProtocolRevision?
  private let authorization: String?
  private let authorityFile: String?
  private let proxies: [String]
  /// Without the store's path.
  private let oauth: OAuthLaunch?

  /// `entry` is expanded.
  init(_ entry: HTTPEntry, _ settings: SupervisorSettings) throws(ServerFailure) {
    self.entry = entry
    revision = try Self.revision(of: entry)
    authorityFile = entry.caFile.map { settings.configurationRelative($0) }
    proxies = settings.environment.filter { Self.proxyVariables.contains($0.name) && !$0.value.isEmpty }
      .map { "\($0.name)=\($0.value)" }
    switch entry.auth {
    case nil: (authorization, oauth) = (nil, nil)
    case .bearer(let secret)?:
      let token = try Self.resolve(secret, "token", settings)
      try Self.checkToken(token)
      (authorization, oauth) = ("Bearer \(token)", nil)
    case .basic(let username, let secret)?:
      let password = try Self.resolve(secret, "password", settings)
      try Self.checkBasic(username, password)
      (authorization, oauth) = ("Basic \(Base64.encode(Array("\(username):\(password)".utf8)))", nil)
    case .oauth(let auth)?: (authorization, oauth) = (nil, try Self.oauth(auth, settings))
    }
  }

  /// Its key in the credential store; nil when it needs none.
  var storeKey: String? { oauth?.storeKey }

  /// Whether a person's login gives it credentials.
  var hasLogin: Bool { oauth?.grant == .authorizationCode }

  /// `storePath`: absolute; used only with a `storeKey`.
  func launch(storePath: String) -> HTTPLaunch {
    let credentials: HTTPLaunch.Credentials
    if var oauth {
      oauth.storePath = storePath
      credentials = .oauth(oauth)
    } else {
      credentials = authorization.map { .fixed($0) } ?? .none
    }
    return HTTPLaunch(
      url: entry.url, protocolVersion: revision, allowStateless: entry.allowStateless,
      headers: entry.headers.map { HTTPLaunch.HeaderField($0.name, $0.value) }, credentials: credentials,
      authorityFile: authorityFile, proxies: proxies)
  }

  // MARK: Parts

  private static func revision(of entry: HTTPEntry) throws(ServerFailure) -> ProtocolRevision? {
    guard let text = entry.protocolVersion else { return nil }
    guard let revision = ProtocolRevision(rawValue: text) else {
      let known = ProtocolRevision.allCases.map(\.rawValue).joined(separator: ", ")
      throw .invalid("protocolVersion: this is none of \(known)")
    }
    if revision.era == .modern, entry.allowStateless == false {
      throw .invalid("allowStateless: false demands a session id, and protocolVersion \(text) has none")
    }
    return revision
  }

  private static func oauth(_ auth: OAuthSettings, _ settings: SupervisorSettings) throws(ServerFailure) -> OAuthLaunch
  {
    let secret = auth.clientSecret
    return auth.launch(
      storePath: "",
      clientSecret: try secret.map { secret throws(ServerFailure) in
        try resolve(secret, "clientSecret", settings)
      },
      privateKeyFile: auth.privateKeyFile.map { settings.configurationRelative($0) })
  }

  /// A variable that is empty is as good as none.
  private static func resolve(
    _ secret: ServerAuth.Secret, _ member: String, _ settings: SupervisorSettings
  ) throws(ServerFailure) -> String {
    switch secret {
    case .text(let text): return text
    case .variable(let name):
      if let value = settings.environment.first(where: { $0.name == name })?.value, !value.isEmpty { return value }
      throw ServerFailure(
        "lacks the variable \(name) (auth.\(member)Env), which is not set in the daemon's environment",
        code: .authMissing)
    }
  }

  /// Blanks at the ends would be lost on the way, and a control character would end the header or worse (RFC 9110
  /// section 5.5).
  private static func checkToken(_ token: String) throws(ServerFailure) {
    let isPlain = token.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
    guard isPlain, token.utf8.first != 0x20, token.utf8.last != 0x20 else {
      throw .invalid(
        "auth: the token cannot be put into a header; it has blanks around it or a control character in it")
    }
  }

  /// RFC 7617 section 2: the first colon ends the user name, and control characters are forbidden.
  private static func checkBasic(_ username: String, _ password: String) throws(ServerFailure) {
    guard !username.utf8.contains(UInt8(ascii: ":")) else {
      throw .invalid("auth: a username with a colon cannot be put into a header")
    }
    guard "\(username)\(password)".utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
      throw .invalid("auth: a username or password with a control character cannot be put into a header")
    }
  }
}

extension ServerFailure {
  fileprivate static func invalid(_ detail: String) -> ServerFailure { ServerFailure(detail, code: .configInvalid) }
}
