/// Why discovery found no usable authorization server.
package struct DiscoveryFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// Whether it may work later without anybody changing anything: a network, a 429, a 5xx.
  package let isTransient: Bool
  /// One sentence that says which document lacked what.
  package let detail: String

  package init(_ detail: String, isTransient: Bool = false) {
    self.detail = detail
    self.isTransient = isTransient
  }

  package var description: String { detail }
}
