import Synchronization

/// Carries a descriptor through copyable values and into actors; taken once. What is not taken is closed with the box.
package final class OwnedDescriptorBox: Sendable {
  private let descriptor: Mutex<OwnedDescriptor?>

  package init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = Mutex(consume descriptor) }

  /// A second time ends the process: somebody would work on a descriptor that is not theirs.
  package func take() -> OwnedDescriptor {
    guard let descriptor = descriptor.withLock({ $0.take() }) else { fatalError("a descriptor was taken twice") }
    return descriptor
  }
}
