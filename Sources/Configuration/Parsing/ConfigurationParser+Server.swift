import Protocol

/// The entries of `mcpServers`.
extension ConfigurationParser {
  static let serverKeys = [
    "allowStateless", "args", "auth", "caFile", "command", "cwd", "disabled", "env", "headers", "protocolVersion",
    "timeout", "transport", "type", "url",
  ]
  static let httpTypes = ["http", "streamable-http", "streamableHttp", "sse"]

  /// nil if the entry is too wrong to describe a server; what is wrong has been reported then.
  mutating func server(_ member: ConfigurationObject.Member) -> ServerEntry? {
    var node = member.node
    node.server = member.name
    if member.name.isEmpty {
      problems.add(.error, "a server id must not be empty", at: node, offset: member.nameOffset)
    }
    guard let object = object(node) else { return nil }
    reportUnknownKeys(of: object, known: Self.serverKeys)
    let command = string(object, "command")
    let url = string(object, "url")
    let stdio = stdio(object, command: command ?? "")
    let http = http(object, url: url ?? "")
    let disabled = bool(object, "disabled") ?? false
    let timeout = duration(object, "timeout")
    warnAboutZeroTimeout(object, "timeout")

    let transport: ServerEntry.Transport?
    switch (command.map { !$0.isBlank } ?? false, url.map { !$0.isBlank } ?? false) {
    case (true, true):
      problems.add(.error, "both command and url are given, which is ambiguous; configure exactly one", at: node)
      transport = nil
    case (false, false):
      // A command or url of the wrong type has been reported already.
      if (object.given("command") != nil) == (command != nil), (object.given("url") != nil) == (url != nil) {
        problems.add(.error, "neither command nor url is given; configure exactly one", at: node)
      }
      transport = nil
    case (true, false):
      transport = .stdio(stdio)
      rejectHTTPKeys(object)
    case (false, true):
      transport = .http(http)
      warnAboutStdioKeys(object)
    }
    checkType(object, "type", transport)
    checkType(object, "transport", transport)
    var isStdio = false
    if case .stdio = transport { isStdio = true }
    // On a stdio server auth is wrong as a whole, so nothing is said about its members.
    let auth = isStdio ? nil : auth(object, server: member.name)

    guard let transport else { return nil }
    var entry = ServerEntry(id: member.name, transport: transport)
    if case .http(var http) = transport {
      http.auth = auth
      entry.transport = .http(http)
    }
    entry.disabled = disabled
    entry.timeoutMs = timeout
    entry.fingerprint = Self.fingerprint(node.value)
    return entry
  }

  /// Without `timeout`, which counts from the next operation on and needs no new process.
  private static func fingerprint(_ entry: JSONSlice) -> String {
    var text: [UInt8] = []
    for (key, value) in entry.members where !key.isString("timeout") {
      text += key.bytes
      text.append(UInt8(ascii: ":"))
      text += value.compacted()
      text.append(UInt8(ascii: ","))
    }
    return FNV1a.hex128(text)
  }

  private mutating func stdio(_ object: ConfigurationObject, command: String) -> StdioEntry {
    var entry = StdioEntry(command: command)
    entry.args = strings(object, "args") ?? []
    entry.env = namedValues(object, "env") ?? []
    entry.cwd = string(object, "cwd")
    let literal =
      [object["command"]].compactMap { $0 } + (object["args"].map { $0.value.kind == .array ? $0.items : [] } ?? [])
    for node in literal {
      guard let text = node.value.string, let reference = TemplateExpansion.firstShellReference(in: text) else {
        continue
      }
      problems.add(
        .warning, "\(reference.quoted) is passed on as it is; to insert a variable here, write ${env:NAME}", at: node)
    }
    return entry
  }

  private mutating func http(_ object: ConfigurationObject, url: String) -> HTTPEntry {
    var entry = HTTPEntry(url: url)
    entry.protocolVersion = string(object, "protocolVersion")
    entry.allowStateless = bool(object, "allowStateless")
    entry.headers = namedValues(object, "headers") ?? []
    entry.caFile = filled(object, "caFile")
    return entry
  }

  private mutating func rejectHTTPKeys(_ object: ConfigurationObject) {
    for key in ["auth", "caFile", "protocolVersion", "allowStateless"] {
      guard let node = object.given(key) else { continue }
      problems.add(.error, "a stdio server (command) cannot have \(key)", at: node)
    }
    if let headers = object["headers"], headers.value.kind == .object, !ConfigurationObject(headers).members.isEmpty {
      problems.add(.error, "a stdio server (command) cannot have headers", at: headers)
    }
  }

  private mutating func warnAboutStdioKeys(_ object: ConfigurationObject) {
    for key in ["args", "env", "cwd"] {
      guard let node = object.given(key) else { continue }
      problems.add(.warning, "\(key) has no effect on an HTTP server (url)", at: node)
    }
    guard let headers = object["headers"], headers.value.kind == .object else { return }
    for member in ConfigurationObject(headers).members {
      guard MCPHeader.isProtocol(member.name) else { continue }
      problems.add(
        .warning, "the header \(member.name.quoted) belongs to the protocol; the configured value is not used",
        at: member.node, offset: member.nameOffset)
    }
  }

  private mutating func checkType(
    _ object: ConfigurationObject, _ key: String, _ transport: ServerEntry.Transport?
  ) {
    guard let text = string(object, key), let node = object[key] else { return }
    let isHTTP = Self.httpTypes.contains(text)
    guard text == "stdio" || isHTTP else {
      problems.add(
        .error,
        "unknown \(key) \(text.quoted); it is \"stdio\" with command, or one of "
          + Self.httpTypes.map(\.quoted).joined(separator: ", ") + " with url", at: node)
      return
    }
    switch transport {
    case .stdio where isHTTP:
      problems.add(.error, "\(key) \(text.quoted) contradicts command, which makes this a stdio server", at: node)
    case .http where !isHTTP:
      problems.add(.error, "\(key) \(text.quoted) contradicts url, which makes this an HTTP server", at: node)
    default:
      break
    }
  }
}
