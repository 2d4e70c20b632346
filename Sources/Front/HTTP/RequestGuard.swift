package import Protocol

/// Decides which requests come in at all (contract §3.5): framing, `Host`, `Origin`, CORS. Against web pages that a
/// browser of the same machine shows, and against names that were rebound to it, this is the whole protection.
package struct RequestGuard: Sendable {
  package enum Verdict: Sendable, Equatable {
    /// Goes on. `listedOrigin` is the origin that the answer must be readable for.
    case admitted(listedOrigin: String?)
    /// A CORS preflight of a listed origin; to be answered 204.
    case preflight(listedOrigin: String)
    case refused(OperationFailure)
  }

  private let allowedHosts: [HostName]
  private let allowedOrigins: Set<ExactText>

  /// - Parameters:
  ///   - allowedHosts: `host` (any port) or `host:port`, besides the loopback names; unreadable ones allow nothing
  ///   - allowedOrigins: compared byte for byte
  package init(allowedHosts: [String] = [], allowedOrigins: [String] = []) {
    self.allowedHosts = allowedHosts.compactMap(HostName.init)
    self.allowedOrigins = Set(allowedOrigins.map { ExactText($0) })
  }

  /// `port` is the port that the daemon listens on.
  package func check(_ head: RequestHead, port: Int) -> Verdict {
    if head.hasBrokenFraming {
      return .refused(.badRequest("The request's length is stated more than once or unreadable.", "invalid_framing"))
    }
    if head.hasUnreadableTarget || containsEncodedZero(head.path) {
      return .refused(.badRequest("The path contains %00 or is not UTF-8.", "invalid_field"))
    }
    guard case .once(let host) = head.host, isAllowed(host: host), head.authority.map(isAllowed) ?? true else {
      return .refused(
        .forbidden(
          "The Host header is missing, repeated or names a host that is not allowed; see allowedHosts.",
          "host_not_allowed"))
    }
    switch head.origin {
    case .absent:
      return .admitted(listedOrigin: nil)
    case .once(let origin) where allowedOrigins.contains(ExactText(origin)):
      return head.method == .options ? .preflight(listedOrigin: origin) : .admitted(listedOrigin: origin)
    case .once(let origin) where isOwn(origin: origin, port: port):
      return .admitted(listedOrigin: nil)
    case .once, .repeated:
      return .refused(.forbidden("The Origin header names an origin that is not allowed.", "origin_not_allowed"))
    }
  }

  /// The failure of a body that is not announced as JSON; nil when it is.
  package func checkContentType(_ head: RequestHead) -> OperationFailure? {
    if case .once(let value) = head.contentType, Self.isJSON(value) { return nil }
    return OperationFailure(
      status: 415, code: .invalidArgs, message: "The content-type must be application/json.",
      reason: "unsupported_media_type")
  }

  private func isAllowed(host text: String) -> Bool {
    guard let host = HostName(text) else { return false }
    // The port of a loopback name is free: a forwarded port is still this machine.
    if host.isLoopback { return true }
    return allowedHosts.contains { allowed in
      allowed.name == host.name && (allowed.port == nil || allowed.port == host.port ?? 80)
    }
  }

  private func isOwn(origin: String, port: Int) -> Bool {
    // Browsers serialise origins in lower case and leave the default port out (RFC 6454 §6.2).
    guard origin.utf8.starts(with: "http://".utf8), let host = HostName(String(origin.dropFirst(7))) else {
      return false
    }
    return host.isLoopback && (host.port ?? 80) == port && origin.lowercased() == origin
  }

  private func containsEncodedZero(_ path: String) -> Bool {
    var zeros = 0
    // Counts the characters of "%00" seen so far.
    for byte in path.utf8 {
      switch byte {
      case UInt8(ascii: "%"): zeros = 1
      case UInt8(ascii: "0") where zeros > 0: zeros += 1
      default: zeros = 0
      }
      if zeros == 3 { return true }
    }
    return false
  }

  /// `application/json` or `application/<x>+json`, with parameters or without.
  static func isJSON(_ value: String) -> Bool {
    var type = value.lowercased().utf8.prefix { $0 != UInt8(ascii: ";") }
    while type.last == 0x20 || type.last == 0x09 { type.removeLast() }
    guard type.starts(with: "application/".utf8) else { return false }
    let subtype = type.dropFirst("application/".utf8.count)
    return subtype.elementsEqual("json".utf8) || subtype.suffix(5).elementsEqual("+json".utf8)
  }
}

extension OperationFailure {
  /// 400 with the reason's name.
  static func badRequest(_ message: String, _ reason: String) -> OperationFailure {
    OperationFailure(status: 400, code: .invalidArgs, message: message, reason: reason)
  }

  /// 403 with the reason's name.
  static func forbidden(_ message: String, _ reason: String) -> OperationFailure {
    OperationFailure(status: 403, code: .invalidArgs, message: message, reason: reason)
  }
}
