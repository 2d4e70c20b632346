/// A process whose end is noticed by pidfd: a child of ours, or one that was adopted. Loop-confined.
package protocol WatchedProcess: AnyObject {
  var pid: Int32 { get }
  /// Nil while it runs.
  var exitStatus: ExitStatus? { get }
  /// Called once when it has ended.
  var onExit: ((ExitStatus) -> Void)? { get set }
  /// Sends a signal to this process alone. False when it has ended.
  @discardableResult
  func send(signal: Int32) -> Bool
}

extension ChildProcess: WatchedProcess {}
