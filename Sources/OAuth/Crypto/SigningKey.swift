import CCrypto
import Protocol

/// A private key that signs, held by libcrypto. Its text leaves it only through `pem`.
///
/// Guard of the unchecked `Sendable`: the key is never changed after `init`, and libcrypto counts references to it with
/// atomics; a signature has a context of its own.
package final class SigningKey: @unchecked Sendable {
  private enum Kind { case rsa, p256, ed25519 }

  private let library: CryptoLibrary
  private let key: OpaquePointer
  private let kind: Kind

  private init(_ library: CryptoLibrary, owning key: OpaquePointer) throws(CryptoFailure) {
    do throws(CryptoFailure) {
      kind = try Self.kind(of: key, library.functions)
    } catch {
      library.functions.EVP_PKEY_free(key)
      throw error
    }
    self.library = library
    self.key = key
  }

  deinit { library.functions.EVP_PKEY_free(key) }

  /// The first private key of a PEM text: PKCS #8, PKCS #1 or SEC 1, without a passphrase; RSA with at least 2048 bits, EC
  /// over P-256, or Ed25519.
  package convenience init(pem: [UInt8]) throws(CryptoFailure) {
    let library = try CryptoLibrary.shared()
    let functions = library.functions
    // What stays in the thread's error queue would be taken for an error of its next TLS connection.
    defer { functions.ERR_clear_error() }
    let key = pem.withUnsafeBytes { text -> OpaquePointer? in
      guard let bio = functions.BIO_new_mem_buf(text.baseAddress, Int32(clamping: text.count)) else { return nil }
      defer { _ = functions.BIO_free(bio) }
      // Without a callback libcrypto would ask for a passphrase on the terminal.
      return functions.PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in -1 }, nil)
    }
    guard let key else { throw .badKey("it holds no private key in PEM form without a passphrase") }
    try self.init(library, owning: key)
  }

  /// A new EC key over P-256, for DPoP.
  package static func generate() throws(CryptoFailure) -> SigningKey {
    let library = try CryptoLibrary.shared()
    let functions = library.functions
    defer { functions.ERR_clear_error() }
    guard let context = functions.EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else {
      throw .failed("EVP_PKEY_CTX_new_from_name")
    }
    defer { functions.EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    guard functions.EVP_PKEY_keygen_init(context) == 1, functions.EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
      functions.EVP_PKEY_generate(context, &key) == 1, let key
    else { throw .failed("EVP_PKEY_generate") }
    return try SigningKey(library, owning: key)
  }

  private static func kind(of key: OpaquePointer, _ functions: wp_crypto) throws(CryptoFailure) -> Kind {
    if functions.EVP_PKEY_is_a(key, "RSA") == 1 || functions.EVP_PKEY_is_a(key, "RSA-PSS") == 1 {
      guard functions.EVP_PKEY_get_bits(key) >= 2048 else { throw .badKey("its RSA key has less than 2048 bits") }
      return .rsa
    }
    if functions.EVP_PKEY_is_a(key, "ED25519") == 1 { return .ed25519 }
    if functions.EVP_PKEY_is_a(key, "EC") == 1 {
      var name = [CChar](repeating: 0, count: 64)
      guard functions.EVP_PKEY_get_utf8_string_param(key, "group", &name, name.count, nil) == 1,
        String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) == "prime256v1"
      else { throw .badKey("its EC key is not on the curve P-256") }
      return .p256
    }
    throw .badKey("its key is neither RSA nor EC nor Ed25519")
  }

  // MARK: What it is

  /// What it signs with when nothing else is asked for.
  package var defaultAlgorithm: JWSAlgorithm {
    switch kind {
    case .rsa: .rs256
    case .p256: .es256
    case .ed25519: .edDSA
    }
  }

  /// Whether the key can sign with that algorithm.
  package func supports(_ algorithm: JWSAlgorithm) -> Bool {
    switch algorithm {
    case .rs256, .ps256: kind == .rsa
    case .es256: kind == .p256
    case .edDSA: kind == .ed25519
    }
  }

  /// The private key as PKCS #8 in PEM form, not encrypted: a secret.
  package func pem() throws(CryptoFailure) -> String {
    let functions = library.functions
    defer { functions.ERR_clear_error() }
    guard let bio = functions.BIO_new(functions.BIO_s_mem()) else { throw .failed("BIO_new") }
    defer { _ = functions.BIO_free(bio) }
    guard functions.PEM_write_bio_PKCS8PrivateKey(bio, key, nil, nil, 0, nil, nil) == 1 else {
      throw .failed("PEM_write_bio_PKCS8PrivateKey")
    }
    var text = [UInt8](repeating: 0, count: 16 * 1024)
    let count = Int(functions.BIO_read(bio, &text, Int32(text.count)))
    guard count > 0, count < text.count else { throw .failed("BIO_read") }
    return String(decoding: text[..<count], as: UTF8.self)
  }

  /// The public key of an EC key as a JWK with the required members only, in the order of RFC 7638 section 3.2, so that
  /// the SHA-256 of this text is its thumbprint.
  package func publicJWK() throws(CryptoFailure) -> [UInt8] {
    guard kind == .p256 else { throw .badKey("its key is not on the curve P-256") }
    let functions = library.functions
    defer { functions.ERR_clear_error() }
    var point = [UInt8](repeating: 0, count: 133)
    var count = 0
    // 4, x, y (SEC 1 section 2.3.3).
    guard functions.EVP_PKEY_get_octet_string_param(key, "pub", &point, point.count, &count) == 1, count == 65,
      point[0] == 4
    else { throw .failed("EVP_PKEY_get_octet_string_param") }
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("crv", "P-256")
    writer.member("kty", "EC")
    writer.member("x", Base64.encodeForURL(point[1..<33]))
    writer.member("y", Base64.encodeForURL(point[33..<65]))
    writer.endObject()
    return writer.finish()
  }

  /// RFC 7638, with SHA-256, as base64url: what `jkt` names.
  package func thumbprint() throws(CryptoFailure) -> String {
    Base64.encodeForURL(try SHA256.digest(of: try publicJWK()))
  }

  // MARK: Signing

  /// The signature of `message` in the form of JWS (RFC 7515).
  package func sign(_ message: [UInt8], _ algorithm: JWSAlgorithm) throws(CryptoFailure) -> [UInt8] {
    guard supports(algorithm) else { throw .badKey("its key cannot sign with \(algorithm.rawValue)") }
    let functions = library.functions
    defer { functions.ERR_clear_error() }
    guard let context = functions.EVP_MD_CTX_new() else { throw .failed("EVP_MD_CTX_new") }
    defer { functions.EVP_MD_CTX_free(context) }
    var parameters: OpaquePointer?
    let digest = algorithm == .edDSA ? nil : functions.EVP_sha256()
    guard functions.EVP_DigestSignInit(context, &parameters, digest, nil, key) == 1 else {
      throw .failed("EVP_DigestSignInit")
    }
    if algorithm == .ps256 {
      guard functions.EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1,
        functions.EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1
      else { throw .failed("EVP_PKEY_CTX_set_rsa_padding") }
    }
    var count = 0
    guard functions.EVP_DigestSign(context, nil, &count, message, message.count) == 1 else {
      throw .failed("EVP_DigestSign")
    }
    var signature = [UInt8](repeating: 0, count: count)
    guard functions.EVP_DigestSign(context, &signature, &count, message, message.count) == 1 else {
      throw .failed("EVP_DigestSign")
    }
    signature.removeLast(signature.count - count)
    guard kind == .p256 else { return signature }
    guard let fixed = ECDSASignature.fixedWidth(der: signature, width: 32) else { throw .failed("EVP_DigestSign") }
    return fixed
  }
}
