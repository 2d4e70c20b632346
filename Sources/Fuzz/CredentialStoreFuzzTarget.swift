import OAuth
import Protocol

/// `StoreDocument`: every text is refused in one line, or changed in one entry without another byte of a token elsewhere.
struct CredentialStoreFuzzTarget: FuzzTarget {
  static let name = "credential-store"

  static let tokens: [[UInt8]] = [
    "\"k\":{", "\"other\":{", "\"tokens\":{", "\"accessToken\":\"a\",", "\"refreshToken\":null,", "\"expiresAt\":1.5,",
    "\"expiresAt\":-1,", "\"clientInfo\":{\"clientId\":\"c\"},", "\"clientSecretExpiresAt\":-1,",
    "\"serverUrl\":\"u\",",
    "\"discovery\":{", "\"scopesSupported\":[\"s\"],", "\"codeVerifier\":\"v\",",
    "\"pendingLogin\":{\"redirectUri\":\"r\"},",
    "\"challengedScope\":\"x\",", "\"stepUps\":{\"count\":1},",
    "\"unproven\":{\"hash\":\"h\",\"since\":1},", "\"unknown\":[1.0,{}],", "\"\\u006b\":", "{", "}", "[", "]", ",",
    "null", "1e999",
    "\n",
  ].map { Array($0.utf8) }

  func run(_ input: [UInt8], random: inout some RandomNumberGenerator) throws {
    let document: StoreDocument
    do {
      document = try StoreDocument(input)
    } catch {
      try require(
        !error.text.isEmpty && error.text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "no line: \(error.text)")
      return
    }
    let before = try JSONSlice(validating: input, limits: StoreDocument.limits)
    var changed = document.entry("k") ?? StoreEntry()
    Self.change(&changed, Int.random(in: 0..<8, using: &random))
    for entry in [changed, nil, document.entry("k")] {
      let bytes = document.replacing("k", with: entry)
      let after: StoreDocument
      do {
        after = try StoreDocument(bytes)
      } catch {
        // Two spaces per level may be too much of a text that was at its limit.
        try require(bytes.count > StoreDocument.limits.maxBytes, "cannot be read again: \(error.text)")
        continue
      }
      try require(after.entry("k") == entry, "the entry reads back differently")
      try require(bytes.last == 0x0A && after.replacing("k", with: entry) == bytes, "the same change changes again")
      try compare(before, try JSONSlice(validating: bytes), after, document)
    }
  }

  func signature(of input: [UInt8]) -> UInt64 {
    do {
      let entry = try StoreDocument(input).entry("k")
      let parts = [entry != nil, entry?.tokens != nil, entry?.clientInfo != nil, entry?.discovery != nil]
      return parts.reduce(1) { $0 << 1 | ($1 ? 1 : 0) }
    } catch {
      // Its words tell the rule, its numbers only the place.
      return error.text.utf8.filter { $0 >= 0x3A }.suffix(20).reduce(0x8000) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
  }

  /// All but `k` has the same tokens in the same order.
  private func compare(
    _ before: JSONSlice, _ after: JSONSlice, _ document: StoreDocument, _ old: StoreDocument
  ) throws {
    let others = [before, after].map { $0.members.filter { !$0.key.isString("k") } }
    try require(others[0].count == others[1].count, "another number of other keys")
    for (left, right) in zip(others[0], others[1]) {
      try require(left.key.bytes == right.key.bytes, "another key is written differently")
      try require(left.value.compacted() == right.value.compacted(), "another entry is written differently")
      let name = left.key.string ?? ""
      try require(document.entry(name) == old.entry(name), "another entry reads differently")
    }
  }

  private static func change(_ entry: inout StoreEntry, _ choice: Int) {
    switch choice {
    case 0: entry.tokens = StoredTokens(accessToken: "new", refreshToken: "\"\\\u{7}", expiresAt: 1)
    case 1: entry.tokens?.refreshToken = nil
    case 2: entry.clientInfo = StoredClient(clientID: "é", clientSecret: "")
    case 3: entry.pendingLogin = PendingLogin(redirectURI: "r", scope: nil, startedAt: 0)
    case 4: entry.adopt(DiscoveryRecord(), for: "u")
    case 5: entry.forgetPendingLogin()
    case 6: entry.discovery?.scopesSupported = ["", "a"]
    default: entry = StoreEntry()
    }
  }
}
