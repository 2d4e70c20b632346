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

  /// Whether an answer over HTTP/2 that is complete before the server has read the request does no harm. 7.88 then ends the
  /// request as if it were complete, so strict servers close the connection, and all other requests on it are lost. Measured
  /// against the h2 library, 2,000 refusals each: 2 % of those with a body of 200 bytes failed with 7.88, and nearly half of
  /// those with 8 KB; none with 8.16 up to 60 KB (of 400 KB most failed, each alone on its stream, which may be the peer).
  static var takesEarlyAnswers: Bool { wp_curl_version_number() >= 0x081000 }

  static let outOfMemory = HTTPFailure(.broken, "cannot be asked: libcurl has no memory", wasSent: false)
}
