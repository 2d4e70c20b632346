/// The elements of an array in the order of the text.
package struct JSONElements: Sequence, Sendable {
  private let array: JSONSlice

  init(array: JSONSlice) {
    self.array = array
  }

  package func makeIterator() -> Iterator { Iterator(array: array) }

  /// One walk; each element is found when it is asked for.
  package struct Iterator: IteratorProtocol, Sendable {
    private let array: JSONSlice
    private var position: Int

    init(array: JSONSlice) {
      self.array = array
      position = array.kind == .array ? array.range.lowerBound + 1 : array.range.upperBound
    }

    package mutating func next() -> JSONSlice? {
      var position = position
      guard let element = array.withCursor({ $0.nextElement(&position) }) else { return nil }
      self.position = position
      return array.part(element)
    }
  }
}
