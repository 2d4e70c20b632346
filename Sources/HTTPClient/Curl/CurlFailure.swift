import CCurl
import Platform
import Protocol

/// libcurl's results in our words.
enum CurlFailure {
  static func failure(_ code: CURLcode, _ transfer: HTTPTransfer, _ easy: CurlEasy) -> HTTPFailure {
    let (reason, detail) = explain(code, transfer, easy)
    return HTTPFailure(reason, detail, wasSent: transfer.wasSent)
  }

  private static func explain(
    _ code: CURLcode, _ transfer: HTTPTransfer, _ easy: CurlEasy
  ) -> (HTTPFailure.Reason, String) {
    let origin = transfer.url.origin
    switch code {
    case CURLE_COULDNT_RESOLVE_HOST:
      return (.resolve, "cannot be reached: no address was found for the name \(origin.host)")
    case CURLE_COULDNT_RESOLVE_PROXY:
      return (.resolve, "cannot be reached: no address was found for the proxy's name")
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CONNECT_ERROR,
      CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CRL_BADFILE, CURLE_SSL_INVALIDCERTSTATUS,
      CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_CLIENTCERT, CURLE_USE_SSL_FAILED:
      return (.tls, tls(code, transfer, easy))
    case CURLE_OPERATION_TIMEDOUT where !transfer.isWritten:
      return (.connectTimeout, transfer.connectTimeoutDetail)
    case CURLE_BAD_CONTENT_ENCODING:
      return (.broken, "sent a body that cannot be decompressed")
    case CURLE_PARTIAL_FILE where transfer.isHeadComplete:
      return (.broken, "closed the connection in the middle of its answer")
    case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING: return (.broken, "closed the connection before it answered")
    // A line of more than 100 KiB, before it was counted here.
    case CURLE_OUT_OF_MEMORY where transfer.isWritten && !transfer.isHeadComplete:
      return (.tooLarge, transfer.headTooLargeDetail)
    case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY: return (.broken, "sent what is no HTTP")
    case CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_HTTP3:
      return (.broken, "broke the HTTP/2 exchange\(quoted(easy.message))")
    default: break
    }
    let system = easy.systemError == 0 ? "" : ": \(SystemError("", code: easy.systemError).reason.lowercased())"
    if transfer.isWritten {
      let time = transfer.isHeadComplete ? "in the middle of its answer" : "before it answered"
      return (.broken, "broke the connection \(time)\(system)")
    }
    if transfer.hasForbiddenAddress && !transfer.hasAllowedAddress {
      return (.forbiddenAddress, transfer.forbiddenDetail)
    }
    if transfer.usesProxy {
      let status = easy.proxyStatus
      if status >= 300 { return (.connect, "cannot be reached: the proxy answered HTTP \(status)") }
      return (.connect, "cannot be reached through the proxy\(system)")
    }
    return (.connect, "cannot be reached: no connection to \(origin)\(system)")
  }

  private static func tls(_ code: CURLcode, _ transfer: HTTPTransfer, _ easy: CurlEasy) -> String {
    if code == CURLE_SSL_CACERT_BADFILE {
      return "cannot be trusted: the file of certificate authorities cannot be read or has none"
    }
    let host = transfer.url.origin.host
    guard code == CURLE_PEER_FAILED_VERIFICATION else {
      return "cannot be reached: the TLS handshake failed\(quoted(easy.message))"
    }
    // Numbers of OpenSSL's X509_V_ERR_*.
    switch easy.verifyResult {
    case 0...1 where easy.message.contains("name"):
      return "presents a certificate for another name than \(host): the URL needs a name that the certificate has"
    case 9: return "presents a certificate that is not valid yet; check the clock"
    case 10: return "presents a certificate that has expired: its operator has to renew it"
    case 18, 19: return "presents a certificate of its own making, or of an authority that is not trusted: set caFile"
    case 2, 20, 21:
      return "presents a certificate of an authority that is not trusted here: set caFile if it is a private one"
    case 23: return "presents a certificate that was revoked"
    case let number:
      return "presents a certificate that cannot be verified: result \(number)\(quoted(easy.message))"
    }
  }

  private static func quoted(_ message: String) -> String { message.isEmpty ? "" : " (\(message.prefix(160)))" }
}
