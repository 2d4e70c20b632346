package import Protocol

/// Where metadata are looked for. Pure.
package enum MetadataURLs {
  /// The well-known places of a resource's metadata (RFC 9728 section 3.1): with its path, then at the root.
  package static func resource(_ url: HTTPURL) -> [HTTPURL] {
    let base = "/.well-known/oauth-protected-resource"
    let path = trimmed(url.path)
    let root = url.with(path: base)
    return path.isEmpty ? [root] : [url.with(path: base + path, query: url.query), root]
  }

  /// The well-known places of an authorization server's metadata (RFC 8414 section 3.1, OpenID Connect Discovery section
  /// 4), in the order of the MCP specification. An issuer with a path is never asked for at the root: that would be
  /// another issuer's document.
  package static func authorizationServer(_ issuer: HTTPURL) -> [HTTPURL] {
    let oauth = "/.well-known/oauth-authorization-server"
    let openID = "/.well-known/openid-configuration"
    let path = trimmed(issuer.path)
    if path.isEmpty { return [issuer.with(path: oauth), issuer.with(path: openID)] }
    return [issuer.with(path: oauth + path), issuer.with(path: openID + path), issuer.with(path: path + openID)]
  }

  /// Without the slash at its end; empty for the root.
  private static func trimmed(_ path: String) -> String { path.hasSuffix("/") ? String(path.dropLast()) : path }
}
