/// Why something that needs libcrypto did not work. The texts hold no key material.
package enum CryptoFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// libcrypto (OpenSSL 3) cannot be loaded; the loader's words.
  case libraryMissing(String)
  /// A key that cannot be used, and why: "it is no private key in PEM form".
  case badKey(String)
  /// A call that should not fail did.
  case failed(String)

  package var description: String {
    switch self {
    case .libraryMissing(let reason): "libcrypto (OpenSSL 3) cannot be loaded: \(reason)"
    case .badKey(let reason): reason
    case .failed(let call): "libcrypto: \(call) failed"
    }
  }
}
