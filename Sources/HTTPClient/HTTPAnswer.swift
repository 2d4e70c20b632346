/// A whole answer.
package struct HTTPAnswer: Sendable {
  package let head: HTTPResponseHead
  /// Decompressed.
  package let body: [UInt8]
  package let trailers: [HTTPField]

  package init(head: HTTPResponseHead, body: [UInt8], trailers: [HTTPField] = []) {
    self.head = head
    self.body = body
    self.trailers = trailers
  }
}
