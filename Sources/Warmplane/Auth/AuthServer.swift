import Configuration
import Glibc
import OAuth
import Protocol

/// The server that an `auth` command is about.
struct AuthServer {
  let id: String
  let entry: HTTPEntry
  let settings: OAuthSettings
  /// `url` with its templates replaced.
  let url: String

  /// The key of its entry in the store.
  var key: String { settings.tokenStoreKey }

  /// The server named `id`. Throws why it has no credentials that these commands could work on.
  static func find(_ id: String, in files: AuthFiles) throws(CommandFailure) -> AuthServer {
    let path = files.configuration.path
    guard let entry = files.configuration.servers.first(where: { $0.id == id }) else {
      let suggestion = NearestName.find(id, among: files.configuration.servers.map(\.id))
      throw CommandFailure(
        "the config file \(path) has no server \"\(id.onOneLine)\""
          + (suggestion.map { "; did you mean \"\($0.onOneLine)\"?" } ?? ""))
    }
    let name = "server \"\(id.onOneLine)\""
    switch entry.transport {
    case .stdio:
      throw CommandFailure("\(name) has no auth: it is a command, and no url")
    case .http(let http):
      switch http.auth {
      case nil: throw CommandFailure("\(name) has no auth in \(path); it needs \"auth\": {\"type\": \"oauth\"}")
      case .bearer: throw CommandFailure("the auth of \(name) is of type bearer, not oauth")
      case .basic: throw CommandFailure("the auth of \(name) is of type basic, not oauth")
      case .oauth(let settings): return try AuthServer(id, http, settings)
      }
    }
  }

  /// All servers with auth of type oauth, or the one that is named, sorted by id.
  static func all(in files: AuthFiles, only id: String?) throws(CommandFailure) -> [AuthServer] {
    var servers: [AuthServer] = []
    for entry in files.configuration.servers where id == nil || entry.id == id {
      guard case .http(let http) = entry.transport, case .oauth(let settings) = http.auth else { continue }
      servers.append(try AuthServer(entry.id, http, settings))
    }
    return servers.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
  }

  private init(_ id: String, _ entry: HTTPEntry, _ settings: OAuthSettings) throws(CommandFailure) {
    self.id = id
    self.entry = entry
    self.settings = settings
    url = try Self.expand(entry.url, field: "url", of: id)
  }

  /// One template of the server's entry, with the variables of this process: no daemon is asked.
  static func expand(_ text: String, field: String, of id: String) throws(CommandFailure) -> String {
    let templates = TemplateExpansion { name in getenv(name).map { String(cString: $0) } }
    do {
      return try templates.expand(text, as: .value, field: field)
    } catch {
      let detail =
        if case .unset(let name) = error.reason { "the variable \(name.onOneLine) is not set" } else {
          error.description
        }
      throw CommandFailure("the \(field) of server \"\(id.onOneLine)\" cannot be expanded", causes: [detail])
    }
  }

  /// What discovery and requests need. The client's secret is read only with `withSecret`.
  func profile(_ files: AuthFiles, withSecret: Bool) throws(CommandFailure) -> OAuthProfile {
    let profile = OAuthProfile(
      server: id, serverURL: url, settings: settings, clientSecret: withSecret ? try clientSecret() : nil,
      privateKeyFile: settings.privateKeyFile.map(files.absolute))
    guard let profile else {
      throw CommandFailure(
        "the url of server \"\(id.onOneLine)\" cannot be used", causes: ["it is no absolute http or https URL"])
    }
    return profile
  }

  /// The client's secret of the configuration; nil when it names none.
  func clientSecret() throws(CommandFailure) -> String? {
    switch settings.clientSecret {
    case nil: return nil
    case .text(let text): return text
    case .variable(let name):
      guard let value = getenv(name), value.pointee != 0 else {
        throw CommandFailure(
          "the variable \(name.onOneLine) is not set, which clientSecretEnv of server \"\(id.onOneLine)\" names")
      }
      return String(cString: value)
    }
  }
}
