package import Protocol

/// A request and everything that bounds it.
package struct HTTPRequest: Sendable {
  /// Which redirects are followed. Method and body are kept (307, 308; also 301 and 302 of a GET); `https` never
  /// becomes `http`.
  package enum Redirects: Sendable, Equatable {
    case refuse
    /// Within the origin, or from `http` to `https` on the same host; at most 5.
    case sameOrigin
  }

  /// Which addresses may be connected to, checked after name resolution and for each connection (against SSRF and DNS
  /// rebinding). A proxy of the environment resolves names itself; then only literal addresses can be checked.
  package enum Addresses: Sendable, Equatable {
    /// Any: the operator named this very host.
    case any
    /// Nothing private, loopback, link-local, unique-local, multicast, unspecified or reserved; IPv4-mapped forms
    /// count.
    case publicOnly
    /// As `publicOnly`, and loopback.
    case publicOrLoopback
  }

  package var method: String
  package var url: HTTPURL
  /// `Accept-Encoding` and `User-Agent` are made unless they are here. `Host` and what says where a message ends or how
  /// a connection is used (`Content-Length`, `Transfer-Encoding`, `Connection`, …) must not be: the request is refused.
  package var fields: [HTTPField]
  package var body: [UInt8]?
  package var redirects = Redirects.refuse
  package var addresses = Addresses.any
  /// Name resolution, connect and TLS together.
  package var connectTimeout = Duration.seconds(10)
  /// From the last byte of the request to the end of the answer's final head; nil: only the caller's own deadline
  /// counts.
  package var firstByteTimeout: Duration?
  /// Between two pieces of the body; nil: for ever (event streams).
  package var idleTimeout: Duration?
  /// The whole exchange; nil: unbounded.
  package var totalTimeout: Duration?
  /// Bytes of body after decompression, all together; nil: unbounded, for streams that are consumed as they arrive.
  package var bodyLimit: Int?
  /// HTTP/2 without upgrade on clear-text connections (gRPC); over TLS it is offered, whatever the settings say.
  package var priorKnowledgeHTTP2 = false

  package init(_ method: String, _ url: HTTPURL, fields: [HTTPField] = [], body: [UInt8]? = nil) {
    self.method = method
    self.url = url
    self.fields = fields
    self.body = body
  }
}
