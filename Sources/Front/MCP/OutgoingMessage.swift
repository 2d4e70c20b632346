import Protocol

/// A message to an MCP client, with what its way there must know of it.
struct OutgoingMessage: Equatable {
  enum Kind: Equatable {
    /// The answer to a request, the last that is said of it; nil: to one whose id could not be read. `error`: the code of
    /// an answer that is an error.
    case answer(RequestID?, error: Int? = nil)
    /// Part of a request before its answer.
    case about(RequestID)
    /// Tells that something changed, not what it is now: one that nobody has read yet says it all. `on`: the
    /// `subscriptions/listen` that it belongs to; nil: it is for the client as such.
    case notice(ChangeNotice, on: RequestID? = nil)
    /// Tells whoever listens just now what happened. Nobody is told later.
    case event
  }

  let kind: Kind
  let bytes: [UInt8]

  init(_ kind: Kind, _ bytes: [UInt8]) {
    self.kind = kind
    self.bytes = bytes
  }
}

/// What a client is told has changed.
enum ChangeNotice: Hashable {
  case list(ListKind)
  /// By the URI that the client knows.
  case resource(String)
}
