/// What a JSON text may cost before it is refused; checked before and during the validation pass.
package struct JSONLimits: Sendable, Hashable {
  /// The longest text in bytes, surrounding whitespace included.
  package var maxBytes: Int
  /// The deepest nesting of objects and arrays; a bare number has depth 0, `[]` has depth 1.
  package var maxDepth: Int

  package init(maxBytes: Int, maxDepth: Int) {
    self.maxBytes = maxBytes
    self.maxDepth = maxDepth
  }

  /// One message of any of our transports: 64 MiB is the frame limit of the internal sockets, and 512 levels are far
  /// above real tool arguments and below what makes recursive parsers of others overflow their stack.
  package static let message = JSONLimits(maxBytes: 64 << 20, maxDepth: 512)

  /// A message of an upstream, which goes on inside a frame: some levels less than a frame may have.
  package static let upstream = JSONLimits(maxBytes: 64 << 20, maxDepth: 480)

  /// A file that a person edits: configuration, credentials.
  package static let file = JSONLimits(maxBytes: 16 << 20, maxDepth: 128)
}
