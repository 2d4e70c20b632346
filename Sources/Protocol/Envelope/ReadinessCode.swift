/// The codes of readiness rows (contract §6.2).
package enum ReadinessCode: String, Sendable, CaseIterable {
  case ready
  case starting
  case restarting
  case crashLoop = "crash_loop"
  case disabled
  case configInvalid = "config_invalid"
  case authMissing = "auth_missing"
  case authStoreUnavailable = "auth_store_unavailable"
  case authExpired = "auth_expired"
  case authDiscoveryMissing = "auth_discovery_missing"
  case authRefreshFailed = "auth_refresh_failed"
  case transportUnavailable = "transport_unavailable"

  /// Whether the condition can pass by itself.
  package var isRetryable: Bool {
    switch self {
    case .starting, .restarting, .crashLoop, .authStoreUnavailable, .authRefreshFailed, .transportUnavailable: true
    case .ready, .disabled, .configInvalid, .authMissing, .authExpired, .authDiscoveryMissing: false
    }
  }
}
