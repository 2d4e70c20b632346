import Protocol

/// What the asker of an operation wants to hear before its answer.
struct CallWishes {
  static let none = CallWishes()

  /// The client's own token, a string or an integer; nil: it wants no progress.
  var progressToken: JSONSlice?
  /// The least severe log messages; nil: none at all.
  var logLevel: MessageLevel?

  private init() {}

  /// Of a request that a legacy client sent to an earlier daemon.
  init(resuming blob: OperationBlob, sessionLevel: MessageLevel) {
    progressToken = blob.progressToken
    logLevel = sessionLevel
  }

  /// Of a request at `revision`. `sessionLevel`: what a legacy client has set. Nil when the level is none (MCP logging:
  /// -32602).
  init?(_ params: JSONSlice?, at revision: ProtocolRevision, sessionLevel: MessageLevel) {
    let meta = params?.member("_meta")
    if let token = meta?.member("progressToken"), token.kind == .string || token.int != nil { progressToken = token }
    guard revision.era == .modern else {
      logLevel = sessionLevel
      return
    }
    guard let level = meta?.member(MetaKey.logLevel) else { return }
    guard let known = level.string.flatMap({ MessageLevel(rawValue: $0) }) else { return nil }
    logLevel = known
  }
}
