import CCrypto

/// libcrypto, loaded on first use and never unloaded. Loading takes some milliseconds of disk: not on the event loop the first
/// time, if that can be chosen.
///
/// Guard of the unchecked `Sendable`: the table is written before the only instance exists and never again; the functions
/// may be called from every thread.
final class CryptoLibrary: @unchecked Sendable {
  let functions: wp_crypto

  private init() throws(CryptoFailure) {
    var table = wp_crypto()
    if let problem = wp_crypto_load(&table) { throw .libraryMissing(String(cString: problem)) }
    functions = table
  }

  private static let loaded: Result<CryptoLibrary, CryptoFailure> = {
    do throws(CryptoFailure) {
      return .success(try CryptoLibrary())
    } catch {
      return .failure(error)
    }
  }()

  /// The library; throws the same failure every time when it is missing.
  static func shared() throws(CryptoFailure) -> CryptoLibrary { try loaded.get() }
}
