import Configuration
import Protocol

/// Who can help a server that is not usable, and how.
enum ReadinessHint {
  /// `hasLogin`: a person's login gives the server credentials; otherwise its configuration or environment does.
  static func of(_ code: ReadinessCode, server: String, hasLogin: Bool) -> FailureHint? {
    let name = ShellWord.quoted(server)
    return switch code {
    case .ready: nil
    case .starting, .restarting: FailureHint(actor: .client)
    case .transportUnavailable, .crashLoop: FailureHint(action: "warmplane logs \(name)", actor: .operator)
    case .disabled: FailureHint(action: "warmplane reload", actor: .operator)
    case .configInvalid: FailureHint(actor: .operator)
    case .authMissing, .authExpired, .authDiscoveryMissing, .authRefreshFailed:
      hasLogin ? FailureHint(action: "warmplane auth login \(name)", actor: .user) : FailureHint(actor: .operator)
    case .authStoreUnavailable: FailureHint(action: "warmplane auth status \(name)", actor: .operator)
    }
  }
}

extension Configuration {
  /// Whether `warmplane auth login` gives a server credentials.
  func hasLogin(_ server: String) -> Bool {
    guard case .http(let entry)? = servers.first(where: { $0.id == server })?.transport,
      case .oauth(let settings)? = entry.auth
    else { return false }
    return settings.grant == .authorizationCode
  }
}
