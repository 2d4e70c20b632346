import Protocol

/// A request to a daemon on this machine.
package struct HTTPRequest: Sendable {
  package let method: String
  /// Path and query, already encoded.
  package var target: String
  /// JSON; nil for a method without a body.
  package let body: [UInt8]?

  package init(method: String, target: String, body: [UInt8]? = nil) {
    self.method = method
    self.target = target
    self.body = body
  }

  /// The text on the wire. The connection serves one request only.
  func serialized(host: String) -> [UInt8] {
    var head = "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\nAccept: application/json\r\n"
    head += "User-Agent: warmplane/\(WarmplaneVersion.current)\r\nConnection: close\r\n"
    if let body { head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n" }
    return Array((head + "\r\n").utf8) + (body ?? [])
  }
}
