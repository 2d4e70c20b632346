import Protocol

/// `unproven` of a store entry: which access token took the place of a refused one, and when. It is removed when a server
/// accepts the token. Refused as well, it is not renewed once more, in whatever process: the server refuses something else
/// than the token's age, and each renewal would wake whoever waits for new credentials.
package struct UnprovenToken: Sendable, Equatable {
  /// A hash of the access token, which tells it from others that somebody may have stored since; not cryptographic, for
  /// the token itself stands beside it.
  package var hash: String
  /// Seconds since 1970.
  package var since: Int64

  /// After so many seconds one renewal is tried: the server may have been mended.
  private static let life: Int64 = 600

  package init(hash: String, since: Int64) {
    self.hash = hash
    self.since = since
  }

  init(_ accessToken: String, now: Int64) { self.init(hash: FNV1a.hex128(accessToken.utf8), since: now) }

  /// Whether it is about `accessToken`.
  func isAbout(_ accessToken: String) -> Bool { hash == FNV1a.hex128(accessToken.utf8) }

  /// Whether a refusal of `accessToken` at `now` (seconds since 1970) is the second in a row.
  func forbidsRenewal(of accessToken: String, now: Int64) -> Bool {
    isAbout(accessToken) && since <= now && now - since < Self.life
  }
}
