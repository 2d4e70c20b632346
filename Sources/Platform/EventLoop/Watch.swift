import CLinux
import Glibc

/// The loop's interest in one descriptor. Loop-confined. It does not own the descriptor: cancel it before closing.
package final class Watch {
  let descriptor: Int32
  let generation: UInt32
  private unowned let loop: EventLoop
  private var handler: ((Readiness) -> Void)?

  init(loop: EventLoop, descriptor: Int32, generation: UInt32, handler: @escaping (Readiness) -> Void) {
    self.loop = loop
    self.descriptor = descriptor
    self.generation = generation
    self.handler = handler
  }

  func fire(_ readiness: Readiness) { handler?(readiness) }

  /// Changes what is watched for.
  package func update(_ interest: Readiness) {
    guard handler != nil else { return }
    loop.control(EPOLL_CTL_MOD, self, interest)
  }

  /// Ends the watch; the handler is not called again, not even for events of the current turn. Idempotent.
  package func cancel() {
    guard let handler else { return }
    self.handler = nil
    loop.remove(self)
    // Released last: it may hold the only reference to an owner that cancels us again.
    withExtendedLifetime(handler) {}
  }
}

extension EventLoop {
  /// Watches `descriptor` until the watch is cancelled. One watch per descriptor.
  package func watch(
    _ descriptor: Int32, for interest: Readiness, _ handler: @escaping (Readiness) -> Void
  ) throws(SystemError) -> Watch {
    assertCurrent()
    let index = Int(descriptor)
    if index >= watches.count { watches.append(contentsOf: repeatElement(nil, count: index + 1 - watches.count)) }
    if watches[index] != nil { fatalError("descriptor \(descriptor) is watched twice") }
    let watch = Watch(loop: self, descriptor: descriptor, generation: nextGeneration, handler: handler)
    nextGeneration = nextGeneration == .max ? 1 : nextGeneration + 1
    if wp_epoll_control(epoll.number, EPOLL_CTL_ADD, descriptor, interest.rawValue, watch.datum) < 0 {
      throw SystemError("epoll_ctl")
    }
    watches[index] = watch
    return watch
  }

  func control(_ operation: Int32, _ watch: Watch, _ interest: Readiness) {
    assertCurrent()
    if wp_epoll_control(epoll.number, operation, watch.descriptor, interest.rawValue, watch.datum) < 0 {
      fatalError("epoll_ctl refused a descriptor that is being watched: \(SystemError("epoll_ctl"))")
    }
  }

  func remove(_ watch: Watch) {
    assertCurrent()
    watches[Int(watch.descriptor)] = nil
    // The descriptor may be closed already by a C library that owned it; then the kernel removed it by itself.
    _ = wp_epoll_control(epoll.number, EPOLL_CTL_DEL, watch.descriptor, 0, 0)
  }
}

extension Watch {
  fileprivate var datum: UInt64 { UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor)) }
}
