import Configuration
import Protocol

/// What the client of a bridge is to see, and in which form.
struct BridgeView: Sendable {
  private let server: String?
  private let profile: String?
  /// Nil: as the profile says.
  private let exposure: String?

  /// Throws when the config file has no such server or profile, or the form does not fit.
  init(_ arguments: ParsedArguments, _ configuration: Configuration) throws(CommandFailure) {
    server = arguments.value(of: .onlyServer)
    profile = arguments.value(of: .profile)
    exposure = arguments.value(of: .exposure)
    if server != nil, profile != nil {
      throw CommandFailure("--server and --profile cannot both be given", code: .usage)
    }
    if let server, !configuration.servers.contains(where: { $0.id == server }) {
      throw Self.unknown("server", server, configuration.servers.map(\.id))
    }
    let chosen = configuration.profiles.first { $0.name == profile }
    if let profile, chosen == nil { throw Self.unknown("profile", profile, configuration.profiles.map(\.name)) }
    if exposure == Exposure.direct.rawValue, server == nil, chosen?.servers?.count != 1 {
      throw CommandFailure(
        "--exposure direct shows one server: name it with --server, or a profile of one server", code: .usage)
    }
  }

  private static func unknown(_ kind: String, _ name: String, _ known: [String]) -> CommandFailure {
    let suggestion = NearestName.find(name, among: known).map { "did you mean \"\($0)\"?" }
    return CommandFailure("the config file has no \(kind) \"\(name)\"", causes: suggestion.map { [$0] } ?? [])
  }

  /// Members of `hello`.
  func write(to writer: inout JSONWriter) {
    if let server { writer.member("server", server) }
    if let profile { writer.member("profile", profile) }
    if let exposure { writer.member("exposure", exposure) }
  }
}
