import Platform
import Protocol

/// Servers that wait for credentials, and servers whose attempts fail for want of them.
extension ServerMachine {
  /// No attempt is made as long as its entry and the daemon's environment are what they are.
  var isImpossible: Bool { !canStart && (state == .misconfigured || state == .needsAuth) }

  /// Other credentials would end the waiting.
  var isWaitingForCredentials: Bool { state == .needsAuth && canStart }

  /// The credential store could not be used, and any change of it may help.
  var isWithoutStore: Bool { state == .backingOff && lastFailure?.code == .authStoreUnavailable }

  mutating func onCredentialsChanged(_ now: MonotonicTime) -> [ServerAction] {
    switch state {
    case .needsAuth: canStart ? tryNewCredentials(now) ?? [.cancelRetry, .scheduleRetry(Backoff.cap)] : []
    case .backingOff: tryNewCredentials(now) ?? []
    case .starting: noteNewerCredentials()
    // Where a session is open, its worker looks into the store by itself; the others read it when they start.
    case .disabled, .misconfigured, .waiting, .up, .replacing, .stopping, .stopped: []
    }
  }

  /// An attempt at once because credentials changed; nil when that is not what the server waits for, or when it happens
  /// all the time: an attempt may change them itself, by storing a token that the server then refuses, and would follow
  /// itself for ever.
  mutating func tryNewCredentials(_ now: MonotonicTime) -> [ServerAction]? {
    guard isWaitingForCredentials || lastFailure?.isRetriedForCredentials == true,
      !credentialAttempts.note(at: now)
    else { return nil }
    if state == .needsAuth {
      lastFailure = nil
      // Never up and never with credentials: this is its first start.
      if !wasUp { countAnew() }
    }
    return attempt()
  }

  private mutating func noteNewerCredentials() -> [ServerAction] {
    hasNewerCredentials = true
    return []
  }
}
