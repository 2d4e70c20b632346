package import Protocol

/// What counts of a resource's metadata (RFC 9728 section 2). Pure.
package struct ResourceMetadata: Sendable, Equatable {
  /// The identifier it speaks of.
  package let resource: HTTPURL
  package let authorizationServers: [String]
  package let scopesSupported: [String]?
  package let dpopBoundAccessTokensRequired: Bool

  /// Authorization servers that are looked at.
  static let mostServers = 16

  /// Throws what the document lacks, to be put behind its URL.
  package init(_ body: [UInt8]) throws(UnfitDocument) {
    let object = try UnfitDocument.object(body)
    guard let text = object.member("resource")?.string else { throw UnfitDocument("has no resource") }
    guard let resource = HTTPURL(text) else {
      throw UnfitDocument("has a resource that is no http(s) URL (\(text.shown()))")
    }
    self.resource = resource
    authorizationServers = Array((object.member("authorization_servers")?.strings ?? []).prefix(Self.mostServers))
    scopesSupported = object.member("scopes_supported").flatMap { $0.kind == .array ? $0.strings : nil }
    dpopBoundAccessTokensRequired = object.member("dpop_bound_access_tokens_required")?.bool ?? false
  }

  /// Whether it speaks for the server at `url`: the same URL or a parent of it, by whole path segments.
  package func covers(_ url: HTTPURL) -> Bool {
    guard resource.origin == url.origin, resource.query == nil || resource.query == url.query else { return false }
    var own = resource.path.split(separator: "/", omittingEmptySubsequences: false)
    let other = url.path.split(separator: "/", omittingEmptySubsequences: false)
    if own.last == "" { own.removeLast() }
    return other.starts(with: own) || (resource.path == "\(url.path)/")
  }
}
