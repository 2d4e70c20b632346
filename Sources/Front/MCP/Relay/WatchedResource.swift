import Protocol

/// A resource whose changes somebody wants to hear of.
struct WatchedResource: Hashable {
  /// What parts of a resource begin with, unless its URI ends with a slash.
  static let separators = Array("/?#".utf8)

  private let exactServer: ExactText
  private let exactURI: ExactText

  init(server: String, uri: String) { (exactServer, exactURI) = (ExactText(server), ExactText(uri)) }

  var server: String { exactServer.text }
  /// The server's own.
  var uri: String { exactURI.text }

  /// Whether a change of `changed` concerns the resource `uri`: it may be a part of it (mcp-checklist MAP-36).
  static func covers(_ uri: String, _ changed: String) -> Bool {
    guard changed.utf8.starts(with: uri.utf8) else { return false }
    if changed.utf8.count == uri.utf8.count || uri.utf8.last == UInt8(ascii: "/") { return true }
    return separators.contains(changed.utf8[changed.utf8.index(changed.utf8.startIndex, offsetBy: uri.utf8.count)])
  }
}
