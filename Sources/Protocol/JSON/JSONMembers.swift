/// The members of an object in the order of the text, repeated names included.
package struct JSONMembers: Sequence, Sendable {
  package typealias Element = (key: JSONSlice, value: JSONSlice)

  private let object: JSONSlice

  init(object: JSONSlice) {
    self.object = object
  }

  package func makeIterator() -> Iterator { Iterator(object: object) }

  /// One walk; each member is found when it is asked for.
  package struct Iterator: IteratorProtocol, Sendable {
    private let object: JSONSlice
    private var position: Int

    init(object: JSONSlice) {
      self.object = object
      position = object.kind == .object ? object.range.lowerBound + 1 : object.range.upperBound
    }

    package mutating func next() -> Element? {
      var position = position
      guard let member = object.withCursor({ $0.nextMember(&position) }) else { return nil }
      self.position = position
      return (object.part(member.key), object.part(member.value))
    }
  }
}
