import Configuration
import Protocol

/// What the clients of one scope and exposure see, and under which names. Shared by them; loop-confined.
final class MCPView {
  struct Key: Hashable {
    let scope: ScopeName
    /// Never `auto`.
    let exposure: Exposure
    /// The server that a view in direct exposure is of, as long as that is granted; nil: none.
    var server: String?
  }

  let key: Key
  /// Changes when the configuration does.
  private(set) var scope: Scope
  /// What the server of a view in direct exposure said of itself last; nil before it did.
  var announced: AnnouncedFace?
  /// Whether a server lists a URI, or has a template for it.
  var lists: (_ uri: String, _ server: String) -> Bool = { _, _ in true }
  /// Made when they are asked for; gone when the catalog changed.
  private var names: [EntryKind: ExposedNames] = [:]
  /// What clients know of the lists: hashes. Nil while there is no client that could be told of changes.
  var known: [ListKind: String]?
  /// Sessions that show it.
  var clients = 0 {
    didSet { if clients == 0 { known = nil } }
  }

  init(_ key: Key, _ scope: Scope) {
    self.key = key
    self.scope = Self.scope(scope, key)
  }

  /// Takes what the scope is now.
  func apply(_ scope: Scope) {
    self.scope = Self.scope(scope, key)
    forgetNames()
  }

  /// Names without a server are those of one server only, whatever the scope has become since.
  private static func scope(_ scope: Scope, _ key: Key) -> Scope {
    key.exposure == .direct ? scope.narrowed(to: key.server) : scope
  }

  var exposure: Exposure { key.exposure }

  /// The server, when the view is of one and passes on what it says.
  var directServer: String? { key.server.flatMap { scope.includes($0) ? $0 : nil } }

  /// The `serverInfo` of that server.
  var identity: JSONSlice? { announced?.session.serverInfo }

  /// The lists whose changes are told; our own seven tools never change.
  var changingLists: [ListKind] {
    let lists: [ListKind] = exposure == .compact ? [.resources, .prompts] : [.tools, .resources, .prompts]
    return lists.filter { announced?.tells($0) ?? true }
  }

  /// Whether its lists are in the order of ids; in direct exposure they are in the server's own.
  var isSorted: Bool { directServer == nil }

  func names(_ kind: EntryKind, _ catalog: Catalog) -> ExposedNames {
    if let names = names[kind] { return names }
    let made = ExposedNames(catalog, kind, scope, exposure)
    names[kind] = made
    return made
  }

  func forgetNames() { names = [:] }

  /// Under which URI clients of the view know a resource of a server.
  func uri(of uri: String, _ server: String) -> String {
    exposure == .full ? FullName.uri(of: uri, server) : uri
  }

  /// What the names of a server's loggers begin with; nil: they are the server's own.
  func loggerPrefix(_ server: String) -> String? { exposure == .direct ? nil : server }

  /// How entries of a server's lists are told to a client at this revision. A list of one server is as good as that server.
  func item(of server: String, at revision: ProtocolRevision) -> ExposedItem {
    ExposedItem(translation: translation(of: server, at: revision), mends: directServer == nil)
  }

  /// How results of a server are told to a client at this revision.
  func translation(of server: String, at revision: ProtocolRevision) -> ResultTranslation {
    ResultTranslation(revision: revision, server: exposure == .full ? server : nil) { self.lists($0, server) }
  }
}
