import Configuration
import Protocol

/// What the client of a bridge is to see, and in which form.
struct BridgeView: Sendable {
  private let server: String?
  private let profile: String?
  /// Nil: as the profile says.
  private let exposure: String?
  /// As the user gave it.
  private let path: String

  /// Throws when the config file has no such server or profile, or the form does not fit.
  init(_ arguments: ParsedArguments, _ configuration: Configuration) throws(CommandFailure) {
    server = arguments.value(of: .onlyServer)
    profile = arguments.value(of: .profile)
    exposure = arguments.value(of: .exposure)
    path = configuration.path
    if server != nil, profile != nil {
      throw CommandFailure("--server and --profile cannot both be given", code: .usage)
    }
    if let server, !configuration.servers.contains(where: { $0.id == server }) {
      throw unknown("server", server, configuration.servers.map(\.id))
    }
    let chosen = configuration.profiles.first { $0.name == profile }
    if let profile, chosen == nil { throw unknown("profile", profile, configuration.profiles.map(\.name)) }
    if exposure == Exposure.direct.rawValue, server == nil {
      let granted = Set(chosen?.servers ?? [])
      guard granted.count == 1, let only = granted.first else {
        throw CommandFailure(
          "--exposure direct shows one server: name it with --server, or a profile of one server", code: .usage)
      }
      // Elsewhere a server that is not there is one less; here nothing would be left.
      if !configuration.servers.contains(where: { $0.id == only }) {
        throw unknown("server", only, configuration.servers.map(\.id))
      }
    }
  }

  private func unknown(_ kind: String, _ name: String, _ known: [String]) -> CommandFailure {
    let advice: String
    if let nearest = NearestName.find(name, among: known) {
      advice = "did you mean \"\(nearest)\"?"
    } else {
      let some = known.prefix(Self.mostNamed).map { "\"\($0)\"" }.joined(separator: ", ")
      let rest = known.count > Self.mostNamed ? " and \(known.count - Self.mostNamed) more" : ""
      advice = known.isEmpty ? "it has no \(kind)s" : "it has \(some)\(rest)"
    }
    return CommandFailure("the config file \(path) has no \(kind) \"\(name)\"", causes: [advice])
  }

  /// What a message names at most of what there is.
  private static let mostNamed = 10

  /// Members of `hello`. `granted`: what the session got, when it goes on.
  func write(_ granted: Granted?, to writer: inout JSONWriter) {
    if let server { writer.member("server", server) }
    if let profile { writer.member("profile", profile) }
    if let exposure = granted?.exposure ?? exposure { writer.member("exposure", exposure) }
    guard let granted else { return }
    if let server = granted.direct { writer.member("direct", server) }
    writer.member("returns", true)
  }

  /// What the answer to `hello` says that the client gets. It keeps that, whatever a later daemon would give it.
  struct Granted {
    let exposure: String?
    /// The server that direct exposure is of.
    let direct: String?

    init(_ answer: JSONSlice?) {
      exposure = answer?.member("exposure")?.string
      direct = answer?.member("direct")?.string
    }
  }

  /// What a daemon that refuses `hello` means: the file was valid, so that it has read another.
  func failure(_ refusal: JSONRPCMessage) -> CommandFailure {
    guard case .errorResponse = refusal.kind, let error = refusal.error else {
      return CommandFailure("the daemon does not say hello")
    }
    let remedy = "apply the file: warmplane reload --config \(ShellWord.quoted(path))"
    guard error.member("data")?.member("reason")?.string == "unknown_scope" else {
      return CommandFailure("the running daemon refuses: \(error.member("message")?.string ?? "")", causes: [remedy])
    }
    let what = server.map { "server \"\($0)\"" } ?? "profile \"\(profile ?? "")\""
    return CommandFailure("the running daemon does not know \(what) yet", causes: [remedy])
  }
}
