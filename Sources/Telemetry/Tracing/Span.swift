/// A finished span: what was done, when, inside which trace. The model of OpenTelemetry, as far as we need it.
package struct Span: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// A request of a client to us.
    case server
    /// A request of ours to somebody else.
    case client
  }

  package enum Status: Sendable, Equatable {
    case unset
    /// The text is for people: codes, no words of servers.
    case error(String)
  }

  /// Of few different values: it is what trace viewers group by.
  package var name: String
  package var kind: Kind
  /// Trace, this span, its parent.
  package var context: TraceContext
  /// The parent is a span of another process.
  package var isParentRemote: Bool
  /// Nanoseconds since 1970-01-01T00:00:00Z.
  package var start: UInt64
  /// Not before `start`.
  package var end: UInt64
  package var attributes: [SpanAttribute]
  package var status: Status

  package init(
    name: String, kind: Kind, context: TraceContext, isParentRemote: Bool, start: UInt64, end: UInt64,
    attributes: [SpanAttribute] = [], status: Status = .unset
  ) {
    self.name = name
    self.kind = kind
    self.context = context
    self.isParentRemote = isParentRemote
    self.start = start
    self.end = end
    self.attributes = attributes
    self.status = status
  }
}
