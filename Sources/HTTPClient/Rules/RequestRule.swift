import Protocol

/// What a request may not contain, because it would become another request, or the client makes it itself. Pure.
enum RequestRule {
  /// Header bytes of one request.
  static let mostHeaderBytes = 256 * 1024

  /// Why `request` cannot be sent; nil when it can. Values are not shown: they may be secrets.
  static func problem(with request: HTTPRequest) -> String? {
    guard HTTPToken.isToken(request.method), request.method.utf8.count <= 32, request.method != "CONNECT" else {
      return "has no usable method"
    }
    var bytes = 0
    for field in request.fields {
      guard HTTPToken.isToken(field.name) else { return "has a header field whose name is not allowed in HTTP" }
      if !field.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) {
        return "has control characters in the header field \(field.name)"
      }
      if made.contains(field.name.lowercased()) {
        return "must not set the header field \(field.name): it is part of the framing"
      }
      bytes += field.name.utf8.count + field.value.utf8.count
    }
    return bytes > mostHeaderBytes ? "has more than \(mostHeaderBytes / 1024) KiB of header fields" : nil
  }

  /// Fields that say where a message ends or how a connection is used (RFC 9110 section 7.6.1), and the host.
  private static let made: Set<String> = [
    "connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization", "proxy-connection",
    "trailer", "transfer-encoding", "upgrade",
  ]
}
