import Platform

/// Waits until `condition` holds, on the caller's isolation; false when it does not within `limit`. For what tells
/// nobody when it changes: processes and files. What can call back must be awaited instead.
package func eventually(
  within limit: Duration = .seconds(10), isolation: isolated (any Actor)? = #isolation,
  _ condition: () throws -> Bool
) async rethrows -> Bool {
  let deadline = MonotonicTime.now + limit
  while true {
    if try condition() { return true }
    if MonotonicTime.now >= deadline { return false }
    try? await Task.sleep(for: .milliseconds(2))
  }
}
