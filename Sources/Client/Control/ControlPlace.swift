package import Platform

/// A place where a daemon's control socket may be.
package struct ControlPlace: Sendable, Equatable {
  package let path: String
  /// Who may listen there.
  package let rule: PeerRule

  package init(path: String, rule: PeerRule = .own) {
    self.path = path
    self.rule = rule
  }
}
