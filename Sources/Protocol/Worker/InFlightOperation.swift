/// An operation that a worker has and its upstream has not answered, as a supervisor learns it that did not send it.
package struct InFlightOperation: Sendable {
  package let operation: OperationID
  /// The blob of its call, untouched: who asked.
  package let blob: JSONSlice
  /// Time left until its deadline, milliseconds; never negative.
  package let remainingMilliseconds: Int

  package init(operation: OperationID, blob: JSONSlice, remainingMilliseconds: Int) {
    self.operation = operation
    self.blob = blob
    self.remainingMilliseconds = remainingMilliseconds
  }

  func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("operation", operation.description)
    writer.member("remainingMs", remainingMilliseconds)
    writer.member("blob", blob)
    writer.endObject()
  }

  /// Reads what `write` wrote; nil when a member is missing or out of bounds.
  init?(_ slice: JSONSlice) {
    guard let operation = slice.member("operation")?.string.flatMap({ OperationID($0) }),
      let blob = slice.member("blob"), blob.range.count <= CallFrame.longestBlob,
      let remaining = slice.member("remainingMs")?.int, remaining >= 0
    else { return nil }
    self.init(operation: operation, blob: blob, remainingMilliseconds: remaining)
  }
}
