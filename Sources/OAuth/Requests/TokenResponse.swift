import Protocol

/// A successful answer of a token endpoint (RFC 6749 section 5.1). Secrets: never logged.
package struct TokenResponse: Sendable, Equatable {
  package let accessToken: String
  package let refreshToken: String?
  /// Seconds since 1970; nil: the server did not say.
  package let expiresAt: Int64?
  /// Space separated; nil: as requested.
  package let scope: String?
  /// Whether the token is bound to the key of the request's proof (RFC 9449 section 5).
  package let isBound: Bool

  /// Reads `body`. `now`: seconds since 1970, when the request was sent; `offersProof`: the request had a DPoP proof.
  /// Throws what is wrong, to be put behind the endpoint.
  package init(_ body: [UInt8], now: Int64, offersProof: Bool) throws(Problem) {
    let limits = JSONLimits(maxBytes: 1 << 20, maxDepth: 32)
    guard let object = try? JSONSlice(validating: body, limits: limits), object.kind == .object else {
      throw Problem("answered with something that is no JSON object")
    }
    if let name = object.firstRepeatedMember() { throw Problem("answered with two members \(name.shown(limit: 40))") }
    guard let token = object.member("access_token")?.string, !token.isBlankText else {
      throw Problem("answered without access_token")
    }
    guard token.utf8.count <= 64 * 1024, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw Problem("answered with an access_token that cannot be put into a header")
    }
    switch object.member("token_type")?.string?.lowercased() {
    case nil, "bearer"?: isBound = false
    case "dpop"? where offersProof: isBound = true
    case let type?: throw Problem("answered with token_type \(type.shown(limit: 40)), which is not supported")
    }
    accessToken = token
    refreshToken = object.member("refresh_token")?.string.flatMap { $0.isBlankText ? nil : $0 }
    scope = object.member("scope")?.string.flatMap { ScopeList($0).text }
    expiresAt = object.member("expires_in").flatMap(Self.seconds).map { now + $0 }
  }

  package struct Problem: Error, Sendable, Equatable {
    package let text: String

    init(_ text: String) { self.text = text }
  }

  /// A number or the text of one, floored; what lies beyond a century is as good as never.
  private static func seconds(_ value: JSONSlice) -> Int64? {
    guard let number = value.double ?? value.string.flatMap({ Double($0) }), number.isFinite else { return nil }
    return Int64(min(max(number.rounded(.down), 0), 4_000_000_000))
  }

  /// The store's tokens after this answer to a request that asked for `scope`. A refresh keeps what the answer leaves out
  /// (`old`); `key`: PEM of the key of the proof.
  package func tokens(replacing old: StoredTokens?, scope requested: String?, key: String?) -> StoredTokens {
    var tokens = StoredTokens(accessToken: accessToken)
    tokens.refreshToken = refreshToken ?? old?.refreshToken
    tokens.expiresAt = expiresAt
    tokens.scope = scope ?? old?.scope ?? requested
    tokens.dpopKey = isBound ? key : nil
    return tokens
  }
}
