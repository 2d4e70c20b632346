/// Carries a reference to something loop-confined through another thread and back. The other thread must not look
/// inside; `value` checks that the caller is back on a loop's thread only by the discipline of its users.
///
/// Guard of the unchecked `Sendable`: `value` is read in closures that run on the loop (`EventLoop.perform`) only.
package struct LoopBound<Value>: @unchecked Sendable {
  package let value: Value

  package init(_ value: Value) { self.value = value }
}
