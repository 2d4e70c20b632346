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
    let usable = resources.filter { !$0.isEmpty && $0.utf8.count <= Self.longestURI }
    self.resources = Array(Set(usable.map { ExactText($0) }).map(\.text).sorted().prefix(Self.mostResources))
  }

  /// `resources`: as they are to be, each within the bounds and at most `mostResources`.
  package init(logLevel: MessageLevel?, ascending resources: [String]) {
    self.logLevel = logLevel
    self.resources = resources
  }

  package static func == (left: Interests, right: Interests) -> Bool {
    left.logLevel == right.logLevel && left.resources.elementsEqual(right.resources) { $0.isExactly($1) }
  }

  /// What satisfies both; where that is too much, what is in `other` alone is left out.
  package func union(_ other: Interests) -> Interests {
    let level = MessageLevel.mostVerbose(logLevel, other.logLevel)
    guard !other.resources.isEmpty else { return Interests(logLevel: level, ascending: resources) }
    let own = Set(resources.map { ExactText($0) })
    let more = other.resources.filter { !own.contains(ExactText($0)) }.prefix(
      max(0, Self.mostResources - resources.count))
    return Interests(logLevel: level, ascending: more.isEmpty ? resources : (resources + more).sorted())
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
