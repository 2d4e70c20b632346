import Protocol

/// Reads `profiles`.
extension ConfigurationParser {
  static let profileKeys = ["allow", "deny", "description", "exposure", "instructions", "servers"]

  /// In the order of the file. `servers`: the ids that a profile can name.
  mutating func profiles(_ parent: ConfigurationObject, servers: [String]) -> [ProfileSettings] {
    guard let node = parent["profiles"], let object = object(node) else { return [] }
    return object.members.compactMap { profile($0, servers: servers) }
  }

  private mutating func profile(_ member: ConfigurationObject.Member, servers: [String]) -> ProfileSettings? {
    guard ProfileSettings.isName(member.name) else {
      problems.add(
        .error,
        "\(member.name.quoted) is no name of a profile: 1 to \(ProfileSettings.longestName) letters (A to Z), digits, "
          + "\".\", \"_\" and \"-\", but neither \".\" nor \"..\"", at: member.node, offset: member.nameOffset)
      return nil
    }
    guard let object = object(member.node) else { return nil }
    reportUnknownKeys(of: object, known: Self.profileKeys, place: " in profile \(member.name.quoted)")
    var profile = ProfileSettings(name: member.name)
    profile.servers = strings(object, "servers")
    for item in object["servers"]?.items ?? [] {
      guard let id = item.value.string, !servers.contains(id) else { continue }
      let hint = KeySuggestion.nearest(to: id, among: servers).map { "; did you mean \"\($0)\"?" } ?? ""
      problems.add(
        .warning, "profile \(member.name.quoted) names the server \(id.quoted), which does not exist\(hint)", at: item)
    }
    profile.policy.allow = patterns(object, "allow")
    profile.policy.deny = patterns(object, "deny")
    profile.exposure = exposure(object, profile) ?? profile.exposure
    profile.description = string(object, "description")
    profile.instructions = string(object, "instructions")
    return profile
  }

  private mutating func exposure(_ object: ConfigurationObject, _ profile: ProfileSettings) -> Exposure? {
    guard let text = string(object, "exposure"), let node = object["exposure"] else { return nil }
    guard let exposure = Exposure(rawValue: text) else {
      let known = Exposure.allCases.map(\.rawValue)
      let hint = KeySuggestion.nearest(to: text, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
      problems.add(.error, "exposure must be compact, full, direct or auto, not \(text.quoted)\(hint)", at: node)
      return nil
    }
    if exposure == .direct, profile.servers?.count != 1 {
      problems.add(
        .error,
        "profile \(profile.name.quoted) has the exposure direct, which shows one server: name exactly one in servers, "
          + "and once",
        at: node)
    }
    return exposure
  }
}
