import Protocol

/// Reads the top level of a configuration file. Every problem is collected and reading goes on with the default, so that
/// one run reports all of them. `ConfigurationParser+Server` and `ConfigurationParser+Auth` read what is below
/// `mcpServers`, `ConfigurationParser+Values` holds the typed accessors.
struct ConfigurationParser {
  /// A larger file is refused before it is read.
  static let maxBytes = 4 << 20
  /// The deepest documented value is at depth 5; the rest is room for unknown keys.
  static let limits = JSONLimits(maxBytes: maxBytes, maxDepth: 64)

  /// Unknown keys are errors.
  let strict: Bool
  var problems = ProblemCollector()

  static let topLevelKeys = [
    "$schema", "allowedHosts", "allowedOrigins", "authStorePath", "bind", "capabilityAliases", "daemon", "listWaitMs",
    "maxBodyBytes", "mcp", "mcpHttpServer", "mcpServers", "policy", "port", "profiles", "promptAliases",
    "resourceAliases", "toolTimeoutMs",
  ]
  static let policyKeys = ["allow", "deny", "redactKeys"]
  static let daemonKeys = [
    "discoverMs", "idleExitSeconds", "probeSeconds", "startSeconds", "startsPerCore", "stopGraceMs",
    "workerOrphanSeconds",
  ]

  init(strict: Bool) {
    self.strict = strict
  }

  /// Whether the result may be used is decided by `problems.hasErrors`.
  mutating func parse(_ document: JSONSlice) -> Configuration {
    var configuration = Configuration()
    let root = ConfigurationNode(value: document, pointer: .root)
    RepeatedMembers.report(in: root, to: &problems)
    guard let object = object(root) else { return configuration }
    reportUnknownKeys(of: object, known: Self.topLevelKeys)
    _ = string(object, "$schema")
    configuration.port = integer(object, "port", in: 0...65_535) ?? configuration.port
    configuration.allowedHosts = strings(object, "allowedHosts") ?? []
    configuration.allowedOrigins = strings(object, "allowedOrigins") ?? []
    configuration.bind = bind(object, allowedHosts: configuration.allowedHosts) ?? configuration.bind
    // More than a frame between the processes holds could not be served.
    configuration.maxBodyBytes =
      integer(object, "maxBodyBytes", in: 1...JSONLimits.message.maxBytes) ?? configuration.maxBodyBytes
    configuration.toolTimeoutMs = duration(object, "toolTimeoutMs") ?? configuration.toolTimeoutMs
    warnAboutZeroTimeout(object, "toolTimeoutMs")
    configuration.listWaitMs = duration(object, "listWaitMs") ?? configuration.listWaitMs
    configuration.authStorePath = string(object, "authStorePath")
    configuration.capabilityAliases = aliases(object, "capabilityAliases")
    configuration.resourceAliases = aliases(object, "resourceAliases")
    configuration.promptAliases = aliases(object, "promptAliases")
    configuration.policy = policy(object)
    configuration.daemon = daemon(object)
    configuration.mcp = mcp(object)
    configuration.servers = servers(object)
    configuration.profiles = profiles(object, servers: object["mcpServers"].map(memberNames) ?? [])
    configuration.mcpHTTPServer = mcpHTTPServer(object, configuration.profiles)
    warnAboutMCPPlaces(object, configuration)
    return configuration
  }

  private func memberNames(_ node: ConfigurationNode) -> [String] {
    node.value.kind == .object ? ConfigurationObject(node).members.map(\.name) : []
  }

  mutating func bind(_ object: ConfigurationObject, allowedHosts: [String]) -> String? {
    guard let text = string(object, "bind"), let node = object["bind"] else { return nil }
    guard let address = IPAddress(text) else {
      problems.add(.error, "bind must be an IP address such as 127.0.0.1 or ::1, not \(text.quoted)", at: node)
      return nil
    }
    for warning in address.exposure(as: "bind \(text.quoted)", allowedHosts: allowedHosts) {
      problems.add(.warning, warning, at: node)
    }
    return text
  }

  private mutating func aliases(_ parent: ConfigurationObject, _ key: String) -> AliasMap {
    var map = AliasMap()
    guard let node = parent[key], let object = object(node) else { return map }
    var sources: [String: String] = [:]
    for member in object.members {
      guard let publicID = string(member.node) else { continue }
      map.publicIDs[ExactText(member.name)] = publicID
      if let other = sources[publicID] {
        problems.add(
          .error, "\(publicID.quoted) is the alias of both \(other.quoted) and \(member.name.quoted)", at: member.node)
      } else {
        sources[publicID] = member.name
      }
    }
    return map
  }

  private mutating func policy(_ parent: ConfigurationObject) -> PolicySettings {
    var settings = PolicySettings()
    guard let node = parent.given("policy"), let object = object(node) else { return settings }
    reportUnknownKeys(of: object, known: Self.policyKeys)
    settings.allow = patterns(object, "allow")
    settings.deny = patterns(object, "deny")
    settings.redactKeys = strings(object, "redactKeys") ?? []
    return settings
  }

  mutating func patterns(_ object: ConfigurationObject, _ key: String) -> [String] {
    let patterns = strings(object, key) ?? []
    for item in object[key]?.items ?? [] {
      guard let pattern = item.value.string, pattern.dropLast().contains("*") else { continue }
      problems.add(
        .warning, "in \(pattern.quoted) only a \"*\" at the end is a wildcard; the others are compared literally",
        at: item)
    }
    return patterns
  }

  private mutating func daemon(_ parent: ConfigurationObject) -> DaemonSettings {
    var settings = DaemonSettings()
    guard let node = parent["daemon"], let object = object(node) else { return settings }
    reportUnknownKeys(of: object, known: Self.daemonKeys)
    settings.idleExitSeconds = duration(object, "idleExitSeconds") ?? settings.idleExitSeconds
    settings.workerOrphanSeconds = duration(object, "workerOrphanSeconds") ?? settings.workerOrphanSeconds
    settings.probeSeconds = duration(object, "probeSeconds") ?? settings.probeSeconds
    settings.startSeconds = duration(object, "startSeconds", atLeast: 1) ?? settings.startSeconds
    settings.discoverMs = duration(object, "discoverMs", atLeast: 1) ?? settings.discoverMs
    settings.startsPerCore = integer(object, "startsPerCore", in: 1...64) ?? settings.startsPerCore
    settings.stopGraceMs = duration(object, "stopGraceMs") ?? settings.stopGraceMs
    return settings
  }

  private mutating func servers(_ parent: ConfigurationObject) -> [ServerEntry] {
    guard let node = parent["mcpServers"] else {
      problems.add(
        .error, "missing required key \"mcpServers\" (it may be an empty object)",
        pointer: .member(of: parent.node.pointer, "mcpServers"), offset: parent.node.offset)
      return []
    }
    guard let object = object(node) else { return [] }
    return object.members.compactMap { server($0) }
  }
}
