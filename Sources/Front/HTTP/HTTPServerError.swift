package import Platform

/// Why the HTTP server cannot listen.
package enum HTTPServerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Not the text of an IPv4 or IPv6 address.
  case invalidAddress(String)
  /// Something else listens there.
  case addressInUse(address: String, port: Int)
  /// The kernel refused another step.
  case system(SystemError)
  /// libmicrohttpd refused to start and does not say why.
  case library

  package var description: String {
    switch self {
    case .invalidAddress(let text): "\"\(text)\" is not an IP address"
    case .addressInUse(let address, let port): "port \(port) of \(address) is in use by another program"
    case .system(let error): error.description
    case .library: "libmicrohttpd cannot start"
    }
  }
}
