import Protocol

/// The `redirectUri` of a login that waits for the browser itself (contract §7.7): plain HTTP on a loopback address.
package struct CallbackTarget: Sendable, Equatable {
  /// The name in the URI; `localhost` means both loopback addresses.
  package let host: String
  package let port: UInt16
  /// What the browser asks for, compared byte by byte.
  package let path: String

  /// Nil when a login cannot listen there: another scheme, another host.
  package init?(_ redirectURI: String) {
    guard let url = HTTPURL(redirectURI), !url.isSecure, ["127.0.0.1", "localhost"].contains(url.origin.host) else {
      return nil
    }
    host = url.origin.host
    port = UInt16(url.origin.port)
    path = url.path
  }

  package var servesBothFamilies: Bool { host == "localhost" }
}
