/// What the clients of a daemon want to hear from one upstream beside the answers to their operations: the whole of it,
/// not a change. Its worker makes the upstream's session agree with it, again after each reconnect.
package struct Interests: Sendable, Equatable {
  /// More subscriptions of one upstream are left out.
  package static let mostResources = 1000
  /// Longest URI of a subscription, in bytes of UTF-8; longer ones are left out.
  package static let longestURI = 8192

  /// The most verbose level that a client has set; nil: no client has. Without meaning for a 2026-07-28 upstream, whose
  /// requests carry the level one by one.
  package let logLevel: MessageLevel?
  /// URIs, as the upstream knows them, in ascending order and once each.
  package let resources: [String]

  package static let none = Interests(logLevel: nil, resources: [])

  package init(logLevel: MessageLevel?, resources: some Sequence<String>) {
    self.logLevel = logLevel
    let usable = Set(resources.filter { !$0.isEmpty && $0.utf8.count <= Self.longestURI })
    self.resources = Array(usable.sorted().prefix(Self.mostResources))
  }

  /// What satisfies both.
  package func union(_ other: Interests) -> Interests {
    Interests(
      logLevel: MessageLevel.mostVerbose(logLevel, other.logLevel), resources: resources + other.resources)
  }

  package func write(to writer: inout JSONWriter) {
    writer.beginObject()
    if let logLevel { writer.member("logLevel", logLevel.rawValue) }
    writer.member("resources", strings: resources)
    writer.endObject()
  }

  /// Reads what `write` wrote; what is missing or not understood is not wanted.
  package init(_ slice: JSONSlice?) {
    self.init(
      logLevel: slice?.member("logLevel")?.string.flatMap { MessageLevel(rawValue: $0) },
      resources: slice?.member("resources")?.strings ?? [])
  }
}
