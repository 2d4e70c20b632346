/// Two descriptors that belong together, to be taken one by one; what is not taken is closed.
package struct DescriptorPair: ~Copyable {
  private var first: OwnedDescriptor?
  private var second: OwnedDescriptor?

  init(_ first: consuming OwnedDescriptor, _ second: consuming OwnedDescriptor) {
    self.first = consume first
    self.second = consume second
  }

  /// The first of the pair (of a pipe: the end to read from). Once.
  package mutating func takeFirst() -> OwnedDescriptor { Self.taken(first.take()) }

  /// The second of the pair (of a pipe: the end to write to). Once.
  package mutating func takeSecond() -> OwnedDescriptor { Self.taken(second.take()) }

  private static func taken(_ descriptor: consuming OwnedDescriptor?) -> OwnedDescriptor {
    guard let descriptor else { fatalError("one end of a pair of descriptors was taken twice") }
    return descriptor
  }
}
