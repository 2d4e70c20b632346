import CCurl

/// libcurl itself, shared by the process.
enum CurlLibrary {
  /// Loads it if that was not tried before.
  static func load() throws(HTTPFailure) {
    switch Int(wp_curl_load()) {
    case WP_CURL_READY: return
    case WP_CURL_OLD:
      throw HTTPFailure(
        .libraryMissing,
        "needs libcurl 7.87 or newer, but \(String(cString: wp_curl_version())) is installed (package libcurl4)",
        wasSent: false)
    default:
      throw HTTPFailure(
        .libraryMissing, "needs libcurl.so.4 with TLS, which cannot be loaded: install the package libcurl4",
        wasSent: false)
    }
  }

  /// Before 8.0 a second request on a clear-text HTTP/2 connection breaks it (curl's issue 10634).
  static var keepsClearTextHTTP2: Bool { wp_curl_version_number() >= 0x080000 }

  static let outOfMemory = HTTPFailure(.broken, "cannot be asked: libcurl has no memory", wasSent: false)
}
