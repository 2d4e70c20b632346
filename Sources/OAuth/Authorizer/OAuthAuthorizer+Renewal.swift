import HTTPClient
import Platform

/// The store's entry, and its renewal.
extension OAuthAuthorizer {
  /// The entry as it is now.
  func look() async -> Result<StoreEntry?, CredentialStoreFailure> {
    let (cache, key) = (cache, key)
    await saveAgain(force: false)
    let result = await keeper.onDisk(isolation: self) { () throws(CredentialStoreFailure) in
      try cache.current().entry(key)
    }
    guard case .success(let entry) = result else { return result }
    if let applied = unsaved?.applied(to: entry) { return .success(applied) }
    unsaved = nil
    unproven = entry?.unproven
    return result
  }

  private func saveAgain(force: Bool) async {
    guard var waiting = unsaved, force || waiting.retry <= .now else { return }
    waiting.retry = .now + UnsavedTokens.pause
    unsaved = waiting
    let (store, key, url, tokens) = (store, key, profile.serverURL, waiting)
    let result = await keeper.onDisk(isolation: self) { () throws(CredentialStoreFailure) in
      try tokens.save(in: store, key, url: url)
    }
    if case .success = result { unsaved = nil }
  }

  /// A running renewal to its end, and tokens that were obtained into the store.
  func settled() async {
    while let running = renewal { _ = await running.value }
    await saveAgain(force: true)
  }

  /// An answer has proved this token; the store is told once.
  func forgetUnproven(_ accessToken: String) async {
    unproven = nil
    let (store, key) = (store, key)
    _ = await keeper.onDisk(isolation: self) { () throws(CredentialStoreFailure) in
      try store.update(key) { entry in
        if entry?.unproven?.isAbout(accessToken) ?? false { entry?.unproven = nil }
      }
    }
  }

  /// Renews once for all who want it at the same time.
  func renewed(_ reason: RenewalReason) async -> Renewal {
    while let running = renewal {
      let outcome = await running.value
      // A renewal that began for another reason may have found the very token good that was refused.
      if case .replacing(let old, _) = reason, case .tokens(let tokens, _) = outcome, tokens.accessToken == old {
        continue
      }
      return outcome
    }
    if isClosing.isSet { return .transient(OAuthSentence.notRenewed("the server is being stopped")) }
    let task = Task { await self.renew(reason) }
    renewal = task
    return await task.value
  }

  private func renew(_ reason: RenewalReason) async -> Renewal {
    let outcome = await attempt(reason)
    renewal = nil
    switch outcome {
    case .tokens(let tokens, _): noteLifetime(of: tokens)
    case .transient(let failure, _), .dead(let failure):
      if reason == .expiring, case .success(let entry) = await look(),
        TokenNeed(entry, profile, now: EpochSeconds.now).usable != nil
      {
        log(.reusingToken(error: failure.detail))
      }
    }
    return outcome
  }

  private func attempt(_ reason: RenewalReason) async -> Renewal {
    // The store's refresh token may be used up, as long as these are not written.
    await saveAgain(force: true)
    if unsaved != nil {
      return .transient(OAuthSentence.notRenewed("the tokens obtained last could not be saved"))
    }
    let before = await look()
    let outcome = await keeper.renew(reason, isolation: self)
    if case .tokens(let tokens, _) = outcome, let note = reason.unproven(tokens) { unproven = note }
    if case .tokens(let tokens, let problem?) = outcome, case .success(let entry) = before {
      unsaved = UnsavedTokens(new: tokens, old: entry?.tokens, retry: .now + UnsavedTokens.pause)
      log(.notSaved(error: problem.description))
    }
    return outcome
  }

  /// Tokens that live no longer than the margin would be renewed with every request.
  private func noteLifetime(of tokens: StoredTokens) {
    guard let expiresAt = tokens.expiresAt else { return }
    let left = expiresAt - EpochSeconds.now
    if left > 0, left <= TokenNeed.margin { noEarlyRenewalBefore = .now + .seconds(max(left / 2, 1)) }
  }
}
