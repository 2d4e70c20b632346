/// Learns what a service manager or an operator wants to see at once. Loop-confined; must not block.
package protocol FrontObserver: AnyObject {
  /// The state of a server changed, or which servers there are.
  func readinessChanged()
  /// The configuration is being read anew.
  func reloadBegan()
  /// It was applied; or it was not, for the reason `problem`, and the old one counts.
  func reloadEnded(problem: String?)
}
