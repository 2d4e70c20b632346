import Protocol

/// What exists for the clients of one scope, and what of that they may use: catalog, policy and scope together. Every
/// surface and method asks here. Pure; made for one question.
///
/// No answer depends on what servers have that the scope hides.
struct ScopedCatalog {
  let catalog: Catalog
  let policy: Policy
  let scope: Scope

  /// What becomes of a request for an id.
  enum Verdict: Equatable {
    /// It may be looked up.
    case open
    /// Refused by name.
    case denied
    /// There is no such thing, and never will be.
    case unknown
  }

  /// Before anything is looked up. `server`: whose it is, if the client said so. The policy refuses only what the scope
  /// could show; an id that exists nowhere is refused as well (contract §3.4).
  func verdict(_ kind: EntryKind, _ id: String, of server: String? = nil) -> Verdict {
    guard policy.allows(id) else { return couldShow(kind, id, of: server) ? .denied : .unknown }
    guard scope.isLimited else { return .open }
    if let owner = server ?? catalog.entry(kind, id)?.server { return scope.shows(id, of: owner) ? .open : .unknown }
    return couldShow(kind, id, of: nil) ? .open : .unknown
  }

  /// Whether clients of the scope may hear of an operation. `id`: nil when nobody remembers it; `server`: empty when nobody
  /// knows it yet.
  func knows(_ kind: EntryKind, _ id: String?, of server: String) -> Bool {
    guard let id else { return !scope.isLimited }
    return verdict(kind, id, of: server.isEmpty ? nil : server) != .unknown
  }

  private func couldShow(_ kind: EntryKind, _ id: String, of server: String?) -> Bool {
    guard scope.isLimited else { return true }
    if let server { return scope.shows(id, of: server) }
    return scope.hasRoom(for: id) && catalog.possibleOwners(of: id, kind).contains { scope.includes($0) }
  }

  /// Whether lists name what has this public id.
  func lists(_ publicID: String, of server: String) -> Bool {
    scope.shows(publicID, of: server) && policy.allows(publicID)
  }

  func lists(_ entry: any CatalogEntry) -> Bool { lists(entry.id, of: entry.server) }

  // MARK: Lookup, policy or not

  /// The entry of a public id.
  func entry(_ kind: EntryKind, _ id: String) -> (any CatalogEntry)? {
    catalog.entry(kind, id).flatMap { scope.shows(id, of: $0.server) ? $0 : nil }
  }

  /// See `Catalog.forwardedResource`.
  func forwardedResource(_ id: String) -> (server: String, uri: JSONSlice)? {
    guard scope.hasRoom(for: id) else { return nil }
    return catalog.forwardedResource(id) { scope.includes($0) }
  }

  /// Whose entry has this public id, as far as that is known.
  func owner(_ kind: EntryKind, _ id: String) -> String? {
    entry(kind, id)?.server ?? (kind == .resource ? forwardedResource(id)?.server : nil)
  }

  /// See `Catalog.unlistedOwners`.
  func unlistedOwners(of id: String, _ kind: EntryKind) -> [String] {
    guard scope.hasRoom(for: id) else { return [] }
    return catalog.unlistedOwners(of: id, kind).filter { scope.includes($0) }
  }

  /// The public id of a URI that matches a template: of the first server that may be asked for it, else of the first that
  /// the policy forbids.
  func templatedID(of uri: String) -> String? {
    catalog.templatedID(of: uri) { lists($0, of: $1) } ?? catalog.templatedID(of: uri) { scope.shows($0, of: $1) }
  }

  /// The public id that a client means, who need not name the server when there is only one.
  func publicID(of text: String, _ kind: EntryKind) -> String {
    guard let server = scope.onlyServer, entry(kind, text) == nil else { return text }
    let whole = catalog.publicID(of: "\(server).\(text)", kind)
    if entry(kind, whole) != nil { return whole }
    if kind == .resource, forwardedResource(text) == nil, forwardedResource(whole) != nil { return whole }
    // Nobody knows yet what it has.
    return catalog.isListed(server) || text.utf8.starts(with: "\(server).".utf8) ? text : whole
  }
}
