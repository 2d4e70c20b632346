import CCurl
import Glibc
import Protocol

/// One easy handle and the memory that libcurl reads while it runs. Loop-confined; `free` must be called, after the
/// handle was removed from its multi handle.
final class CurlEasy {
  let handle: UnsafeMutableRawPointer
  private var fields: UnsafeMutablePointer<curl_slist>?
  private let errorText = UnsafeMutableBufferPointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

  /// Nil when memory is short.
  init?() {
    guard let handle = wp_curl_easy_init() else {
      errorText.deallocate()
      return nil
    }
    self.handle = handle
    errorText.initialize(repeating: 0)
  }

  func free() {
    wp_curl_easy_cleanup(handle)
    wp_curl_free_list(fields)
    errorText.deallocate()
  }

  /// Prepares one hop of an exchange. `context` goes to the exchange's callbacks. False when libcurl refuses a value:
  /// then nothing may be sent, for it would lack what was refused.
  func configure(
    _ request: HTTPRequest, to url: HTTPURL, body: PinnedBytes?, proxy: String?, settings: HTTPClient.Settings,
    context: UnsafeMutableRawPointer, socketContext: UnsafeMutableRawPointer
  ) -> Bool {
    wp_curl_set_callbacks(
      handle, context, curlReceivesHeader, curlReceivesBody, curlSendsRequest, curlOpensSocket, socketContext,
      curlClosesSocket)
    var isFine = set(CURLOPT_ERRORBUFFER, errorText.baseAddress)
    isFine = set(CURLOPT_URL, "\(url.origin)\(url.target)") && isFine
    isFine = setCommon(settings, proxy: proxy) && isFine
    isFine = setProtocol(request, to: url, settings) && isFine
    isFine = setMethod(request.method, body) && isFine
    isFine = setFields(request.fields, hasBody: body != nil, settings) && isFine
    return isFine
  }

  /// What is the same for every request.
  private func setCommon(_ settings: HTTPClient.Settings, proxy: String?) -> Bool {
    var isFine = true
    let numbers: [(CURLoption, Int)] = [
      // Signals belong to the loop; a resolver's thread must not be waited for when its transfer ends.
      (CURLOPT_NOSIGNAL, 1), (CURLOPT_QUICK_EXIT, 1),
      (CURLOPT_FOLLOWLOCATION, 0), (CURLOPT_PATH_AS_IS, 1), (CURLOPT_HTTP09_ALLOWED, 0),
      (CURLOPT_SSL_VERIFYPEER, 1), (CURLOPT_SSL_VERIFYHOST, 2), (CURLOPT_PROXY_SSL_VERIFYPEER, 1),
      (CURLOPT_PROXY_SSL_VERIFYHOST, 2), (CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)),
      (CURLOPT_TCP_NODELAY, 1), (CURLOPT_TCP_KEEPALIVE, 1), (CURLOPT_TCP_KEEPIDLE, 30), (CURLOPT_TCP_KEEPINTVL, 15),
      (CURLOPT_SUPPRESS_CONNECT_HEADERS, 1), (CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue)),
      (CURLOPT_BUFFERSIZE, 64 * 1024), (CURLOPT_UPLOAD_BUFFERSIZE, 64 * 1024),
    ]
    for (option, value) in numbers { isFine = wp_curl_set_long(handle, option, value) == CURLE_OK && isFine }
    let texts: [(CURLoption, String)] = [
      (CURLOPT_PROTOCOLS_STR, "http,https"), (CURLOPT_REDIR_PROTOCOLS_STR, "http,https"),
      (CURLOPT_USERAGENT, settings.userAgent), (CURLOPT_ACCEPT_ENCODING, "gzip, deflate"),
      // Set to something, both keep libcurl from reading the environment.
      (CURLOPT_PROXY, proxy ?? ""), (CURLOPT_NOPROXY, ""),
    ]
    for (option, value) in texts { isFine = set(option, value) && isFine }
    // In place of the system's bundle; its directory of authorities (CURLOPT_CAPATH) stays.
    if let file = settings.authorityFile {
      isFine = set(CURLOPT_CAINFO, file) && isFine
      isFine = set(CURLOPT_PROXY_CAINFO, file) && isFine
    }
    return isFine
  }

  private func setProtocol(_ request: HTTPRequest, to url: HTTPURL, _ settings: HTTPClient.Settings) -> Bool {
    let version =
      switch (url.isSecure, request.priorKnowledgeHTTP2) {
      case (true, true): CURL_HTTP_VERSION_2TLS
      case (true, false):
        settings.offersHTTP2 ?? CurlLibrary.takesEarlyAnswers ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1
      case (false, true): CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
      case (false, false): CURL_HTTP_VERSION_1_1
      }
    if request.priorKnowledgeHTTP2 && !url.isSecure && !CurlLibrary.keepsClearTextHTTP2 {
      guard insistOnFreshConnection(), wp_curl_set_long(handle, CURLOPT_FORBID_REUSE, 1) == CURLE_OK else {
        return false
      }
    }
    // Waiting for a connection that can carry several requests helps over TLS only: clear-text HTTP/2 fails with it.
    return wp_curl_set_long(handle, CURLOPT_HTTP_VERSION, version) == CURLE_OK
      && wp_curl_set_long(handle, CURLOPT_PIPEWAIT, url.isSecure ? 1 : 0) == CURLE_OK
      && wp_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, max(1, request.connectTimeout.milliseconds)) == CURLE_OK
  }

  private func setMethod(_ method: String, _ body: PinnedBytes?) -> Bool {
    if method == "HEAD" { return wp_curl_set_long(handle, CURLOPT_NOBODY, 1) == CURLE_OK }
    if body == nil && method != "POST" {
      return wp_curl_set_long(handle, CURLOPT_HTTPGET, 1) == CURLE_OK && set(CURLOPT_CUSTOMREQUEST, method)
    }
    return wp_curl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body?.count ?? 0)) == CURLE_OK
      && set(CURLOPT_POSTFIELDS, body?.address ?? UnsafeRawPointer(errorText.baseAddress!))
      && set(CURLOPT_CUSTOMREQUEST, method)
  }

  private func setFields(_ fields: [HTTPField], hasBody: Bool, _ settings: HTTPClient.Settings) -> Bool {
    var lines = fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
    // An empty value keeps libcurl from adding a field of its own.
    for name in ["Accept", "Content-Type", "Expect"] where fields.first(name) == nil { lines.append("\(name):") }
    for line in lines {
      guard let longer = wp_curl_append(self.fields, line) else { return false }
      self.fields = longer
    }
    return set(CURLOPT_HTTPHEADER, self.fields)
  }

  private func set(_ option: CURLoption, _ text: String) -> Bool {
    wp_curl_set_text(handle, option, text) == CURLE_OK
  }

  private func set(_ option: CURLoption, _ pointer: UnsafeRawPointer?) -> Bool {
    wp_curl_set_pointer(handle, option, pointer) == CURLE_OK
  }

  /// Calls `HTTPTransfer.uploaded` from here on.
  func reportProgress() { wp_curl_set_progress(handle, curlSendsBody) }

  /// Takes no connection that was used before.
  func insistOnFreshConnection() -> Bool { wp_curl_set_long(handle, CURLOPT_FRESH_CONNECT, 1) == CURLE_OK }

  // MARK: Facts

  /// Whether the connection was there before this request.
  var usesKeptConnection: Bool { wp_curl_get_long(handle, CURLINFO_NUM_CONNECTS) == 0 }

  /// Bytes of the body as they came over the network.
  var receivedBytes: Int { Int(wp_curl_get_size(handle, CURLINFO_SIZE_DOWNLOAD_T)) }

  /// Why the last attempt to connect failed, as an `errno`; 0 when unknown.
  var systemError: Int32 { Int32(truncatingIfNeeded: wp_curl_get_long(handle, CURLINFO_OS_ERRNO)) }

  /// OpenSSL's result of the certificate's verification; 0 is fine.
  var verifyResult: Int { wp_curl_get_long(handle, CURLINFO_SSL_VERIFYRESULT) }

  /// What a proxy answered to CONNECT; 0 without one.
  var proxyStatus: Int { wp_curl_get_long(handle, CURLINFO_HTTP_CONNECTCODE) }

  /// libcurl's own words, printable; may be empty.
  var message: String {
    let bytes = errorText.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(decoding: bytes.map { $0 >= 0x20 && $0 < 0x7f ? $0 : UInt8(ascii: " ") }, as: UTF8.self)
  }
}

extension Duration {
  /// Whole milliseconds, rounded up, not more than libcurl takes.
  var milliseconds: Int {
    let (seconds, attoseconds) = components
    if seconds >= 1_000_000 { return 1_000_000_000 }
    return Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }
}
