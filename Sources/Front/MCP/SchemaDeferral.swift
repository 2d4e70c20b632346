import Configuration
import Protocol

/// Which clients load tool schemas only when they need them, by the name they give at `initialize`: many tools cost them
/// little, and they find them better by their own search. Pure.
enum SchemaDeferral {
  /// Claude Code's tool search is on by default; it reads names and `instructions` at the start of a session.
  private static let names: Set<String> = ["claude-code"]

  /// What a client with the exposure `auto` gets.
  static func exposure(for clientInfo: JSONSlice?) -> Exposure {
    guard let name = clientInfo?.member("name")?.string else { return .compact }
    return names.contains(name.lowercased()) ? .full : .compact
  }
}
