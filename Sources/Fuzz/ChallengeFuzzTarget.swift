import Protocol

/// `AuthenticationChallenge`: bounded, indifferent to how fields are split, and what it read, written properly, reads back
/// as the same.
struct ChallengeFuzzTarget: FuzzTarget {
  static let name = "challenge"

  static let tokens: [[UInt8]] = [
    "Bearer ", "DPoP ", "Basic ", "realm=\"", "scope=\"a b\"", "resource_metadata=\"https://h/x\"",
    "error=invalid_token",
    "algs=\"ES256\"", ", ", ",", "=", "==", "\"", "\\\"", "\\", " ", "\t", "\n", "YWJj", "a=1", "\u{E9}",
  ].map { Array($0.utf8) }

  func run(_ input: [UInt8], random: inout some RandomNumberGenerator) throws {
    let fields = input.split(separator: 0x0A, omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
    let challenges = AuthenticationChallenge.parse(fields)
    try require(challenges.count <= AuthenticationChallenge.most, "too many challenges")
    var size = 0
    for challenge in challenges {
      try require(challenge.parameters.count <= AuthenticationChallenge.most, "too many parameters")
      try require(challenge.token68 == nil || challenge.parameters.isEmpty, "a token68 and parameters")
      try require(!challenge.scheme.isEmpty, "a scheme without a name")
      size += challenge.scheme.utf8.count + (challenge.token68?.utf8.count ?? 0)
      for parameter in challenge.parameters {
        try require(!parameter.name.isEmpty, "a parameter without a name")
        size += parameter.name.utf8.count
      }
    }
    try require(size <= AuthenticationChallenge.longest, "more read than there was")
    let written = challenges.map(Self.text)
    // Escaping makes texts longer; beyond the limit they are cut.
    guard written.reduce(0, { $0 + $1.utf8.count + 2 }) <= AuthenticationChallenge.longest else { return }
    try require(AuthenticationChallenge.parse(written) == challenges, "one field per challenge reads back differently")
    let joined = AuthenticationChallenge.parse([written.joined(separator: ", ")])
    try require(joined == challenges, "all challenges in one field read back differently")
  }

  func signature(of input: [UInt8]) -> UInt64 {
    let challenges = AuthenticationChallenge.parse([String(decoding: input, as: UTF8.self)])
    let tokens = challenges.reduce(0) { $0 + ($1.token68 == nil ? 0 : 1) }
    let parameters = challenges.reduce(0) { $0 + $1.parameters.count }
    return UInt64(challenges.count) << 16 | UInt64(tokens) << 8 | UInt64(parameters)
  }

  private static func text(_ challenge: AuthenticationChallenge) -> String {
    if let token = challenge.token68 { return "\(challenge.scheme) \(token)" }
    let parameters = challenge.parameters.map { parameter in
      let escaped = parameter.value.unicodeScalars.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined()
      return "\(parameter.name)=\"\(escaped)\""
    }
    return "\(challenge.scheme) \(parameters.joined(separator: ", "))"
  }
}
