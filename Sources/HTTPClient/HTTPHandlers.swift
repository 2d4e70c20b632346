/// What a streaming exchange tells, on the loop and never inside a call of `HTTPClient` or `HTTPTransfer`.
///
/// `onHead` comes at most once and before `onBytes`; `onEnd` comes exactly once and last. All three are released with
/// `onEnd`.
package struct HTTPHandlers {
  package var onHead: (HTTPResponseHead) -> Void
  /// A piece of the body, decompressed; valid during the call only.
  package var onBytes: (UnsafeRawBufferPointer) -> Void
  /// The trailers of a complete answer, or why there is none.
  package var onEnd: (Result<[HTTPField], HTTPFailure>) -> Void

  package init(
    onHead: @escaping (HTTPResponseHead) -> Void = { _ in },
    onBytes: @escaping (UnsafeRawBufferPointer) -> Void = { _ in },
    onEnd: @escaping (Result<[HTTPField], HTTPFailure>) -> Void
  ) {
    self.onHead = onHead
    self.onBytes = onBytes
    self.onEnd = onEnd
  }
}
