package import HTTPClient
package import Protocol

/// Where requests may go whose URLs come from documents of others (against server-side request forgery). Pure; the
/// address itself is checked by `HTTPClient`, after name resolution and for each connection.
package struct AddressRule: Sendable, Equatable {
  /// Origins that the operator wrote into the configuration: these may be in private networks.
  private let named: Set<HTTPURL.Origin>
  /// Only a server that is on a loopback address itself, or a setting, opens the way to other loopback services.
  private let allowsLoopback: Bool

  package init(named: Set<HTTPURL.Origin>, allowsLoopback: Bool) {
    self.named = named
    self.allowsLoopback = allowsLoopback
  }

  /// Which addresses `url` may lead to.
  package func addresses(for url: HTTPURL) -> HTTPRequest.Addresses {
    if named.contains(url.origin) { return .any }
    return allowsLoopback ? .publicOrLoopback : .publicOnly
  }

  /// Why `url` must not be asked, to be put behind the URL; nil: it may be.
  package func problem(with url: HTTPURL) -> String? {
    let isLoopback = url.origin.isLoopback
    guard url.isSecure || isLoopback else { return "is neither https nor a loopback address" }
    guard !isLoopback || allowsLoopback || named.contains(url.origin) else {
      return "is a loopback address, which the server is not (allowLoopback permits it)"
    }
    return nil
  }
}
