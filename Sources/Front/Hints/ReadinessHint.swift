import Protocol

/// Who can help a server that is not usable, and how.
enum ReadinessHint {
  static func of(_ code: ReadinessCode, server: String) -> FailureHint? {
    switch code {
    case .ready: nil
    case .starting, .restarting: FailureHint(actor: .client)
    case .transportUnavailable, .crashLoop: FailureHint(action: "warmplane logs \(server)", actor: .operator)
    case .disabled: FailureHint(action: "warmplane reload", actor: .operator)
    case .configInvalid: FailureHint(actor: .operator)
    case .authMissing, .authExpired, .authDiscoveryMissing, .authRefreshFailed:
      FailureHint(action: "warmplane auth login \(server)", actor: .user)
    case .authStoreUnavailable: FailureHint(action: "warmplane auth status \(server)", actor: .operator)
    }
  }
}
