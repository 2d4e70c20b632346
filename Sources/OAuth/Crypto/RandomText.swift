import Platform
import Protocol

/// Unguessable texts, from the kernel's random numbers.
package enum RandomText {
  /// `count` random bytes as base64url: `oauthState` has 24 bytes, a code verifier 32 (contract §7.6).
  package static func base64URL(bytes count: Int) -> String {
    var random = BufferedRandom()
    return Base64.encodeForURL((0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) })
  }

  /// The value of `state` for a new login.
  package static func state() -> String { base64URL(bytes: 24) }
}

extension String {
  /// Whether both texts have the same bytes, in a time that tells nothing but their lengths.
  package func isEqualInConstantTime(to other: String) -> Bool {
    let (left, right) = (Array(utf8), Array(other.utf8))
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
  }
}
