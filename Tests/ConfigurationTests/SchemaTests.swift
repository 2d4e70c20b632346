import Glibc
import Protocol
import Testing

@testable import Configuration

/// `docs/config.schema.json` says what the parser does: the same keys, the same values, the same defaults.
@Suite struct SchemaTests {
  /// One object of the file whose members are tried one by one.
  private struct Place {
    let name: String
    /// Its schema, as names from the root.
    let path: [String]
    /// What the parser knows there.
    let keys: [String]
    /// Members that make it valid without the one that is tried, as JSON texts by key.
    var base: [String: String] = [:]
    /// The whole document around the object's text; `%` stands for it.
    let document: String
  }

  private static let places: [Place] = [
    Place(
      name: "top level", path: [], keys: ConfigurationParser.topLevelKeys, base: ["mcpServers": "{}"], document: "%"),
    Place(
      name: "policy", path: ["properties", "policy"], keys: ConfigurationParser.policyKeys,
      document: #"{"policy":%,"mcpServers":{}}"#),
    Place(
      name: "daemon", path: ["properties", "daemon"], keys: ConfigurationParser.daemonKeys,
      document: #"{"daemon":%,"mcpServers":{}}"#),
    Place(
      name: "mcp", path: ["properties", "mcp"], keys: ConfigurationParser.mcpKeys,
      document: #"{"mcp":%,"mcpServers":{}}"#),
    Place(
      name: "mcpHttpServer", path: ["properties", "mcpHttpServer"], keys: ConfigurationParser.mcpHTTPServerKeys,
      document: #"{"mcpHttpServer":%,"mcpServers":{}}"#),
    Place(
      name: "profile", path: ["$defs", "profile"], keys: ConfigurationParser.profileKeys,
      document: #"{"profiles":{"p":%},"mcpServers":{"x":{"command":"c"}}}"#),
    Place(
      name: "profile of one server", path: ["$defs", "profile"], keys: ConfigurationParser.profileKeys,
      base: ["servers": #"["x"]"#], document: #"{"profiles":{"p":%},"mcpServers":{"x":{"command":"c"}}}"#),
    Place(
      name: "direct profile", path: ["$defs", "profile"], keys: ConfigurationParser.profileKeys,
      base: ["servers": #"["x"]"#, "exposure": #""direct""#],
      document: #"{"profiles":{"p":%},"mcpServers":{"x":{"command":"c"},"y":{"command":"c"}}}"#),
    Place(
      name: "stdio server", path: ["$defs", "server"], keys: ConfigurationParser.serverKeys,
      base: ["command": #""c""#], document: #"{"mcpServers":{"s":%}}"#),
    Place(
      name: "HTTP server", path: ["$defs", "server"], keys: ConfigurationParser.serverKeys, base: ["url": #""u""#],
      document: #"{"mcpServers":{"s":%}}"#),
    auth("bearer", ["token": #""t""#]),
    auth("bearer", ["tokenEnv": #""T""#]),
    auth("basic", ["username": #""u""#, "password": #""p""#]),
    auth("basic", ["username": #""u""#, "passwordEnv": #""P""#]),
    auth("oauth", [:]),
    auth("oauth", ["clientSecret": #""s""#]),
    auth("oauth", ["clientSecretEnv": #""S""#]),
    auth("oauth", ["clientId": #""c""#, "clientSecret": #""s""#]),
    auth("oauth", ["grant": #""client_credentials""#, "clientId": #""c""#, "clientSecret": #""s""#]),
    auth("oauth", ["grant": #""client_credentials""#, "clientId": #""c""#, "clientSecretEnv": #""S""#]),
    auth("oauth", ["grant": #""client_credentials""#, "clientId": #""c""#, "privateKeyFile": #""k""#]),
  ]

  private static func auth(_ type: String, _ base: [String: String]) -> Place {
    Place(
      name: "auth \(type) with \(base.keys.sorted())", path: ["$defs", type],
      keys: ConfigurationParser.authKeys[type] ?? [], base: base.merging(["type": "\"\(type)\""]) { $1 },
      document: #"{"mcpServers":{"s":{"url":"u","auth":%}}}"#)
  }

  /// Values at which the rules of some key change.
  private static let samples = [
    "null", "true", "false", "0", "1", "-1", "2", "64", "65", "65535", "65536", "67108864", "67108865", "1.5",
    "9223372036854775807", #""""#, #"" ""#, #""x""#, #""127.0.0.1""#, #""::1""#, #""[::1]""#, #""1.2.3""#, #""stdio""#,
    #""http""#, #""streamable-http""#, #""streamableHttp""#, #""sse""#, #""bearer""#, "[]", "[1]", #"["x"]"#, #"[" "]"#,
    "[null]", "{}", #"{"a":1}"#, #"{"a":"x"}"#, #"{"":{"command":"c"}}"#, #"{"s":{"command":"c"}}"#, #"{"s":{}}"#,
    #"{"s":null}"#, #"{"type":"bearer","token":"t"}"#, #"{"type":"other"}"#, #"{"allow":["a"]}"#,
    #"{"probeSeconds":1}"#, #""authorization_code""#, #""client_credentials""#, #""ES256""#, #""ES512""#,
    #""https://""#,
    #""https://h""#, #""HTTPS://h/p?q""#, #""https://h/#f""#, #""http://h/p""#, #""http://127.0.0.1:1/p""#,
    #""compact""#, #""full""#, #""direct""#, #""auto""#, #"["x","x"]"#, #"["x","y"]"#, #"{".":{}}"#, #"{"..":{}}"#,
    #"{"...":{}}"#, #"{"p":{"exposure":"direct"}}"#, #"{"p":{"exposure":"direct","servers":["x"]}}"#, #"{"a b":{}}"#,
    #""http://localhost""#, #""http://[::1]/""#, #""http://localhost.h/""#, #""ftp://h/p""#,
  ]

  @Test func itHasTheParsersKeys() throws {
    let schema = try Self.schema()
    for place in Self.places {
      let node = try #require(schema.at(place.path), "\(place.name)")
      #expect(node.member("properties")?.keys.sorted() == place.keys.sorted(), "\(place.name)")
      #expect(node.member("additionalProperties")?.bool == false, "\(place.name)")
    }
    #expect(
      schema.member("$defs")?.member("server")?.at(["properties", "auth", "oneOf"])?.elements.count { _ in true } == 4)
  }

  @Test func itAcceptsWhatTheParserAccepts() throws {
    let check = JSONSchemaCheck(root: try Self.schema())
    var accepted = 0
    var refused = 0
    for place in Self.places {
      for key in place.keys + ["unknownKey"] {
        for sample in Self.samples {
          let text = Self.document(place, key, sample)
          let isAccepted = try check.accepts(JSONSlice(validating: Array(text.utf8)))
          #expect(isAccepted == (Self.parsed(text) != nil), "\(text)")
          if isAccepted { accepted += 1 } else { refused += 1 }
        }
      }
    }
    // Both answers must occur often, or the comparison says nothing.
    #expect(accepted > 400 && refused > 400, "\(accepted) accepted, \(refused) refused")
  }

  @Test func itsDefaultsAreTheParsers() throws {
    let check = JSONSchemaCheck(root: try Self.schema())
    var withDefault: Set<String> = []
    // A key that changes nothing would pass with any default.
    var read: Set<String> = []
    for place in Self.places {
      let properties = try #require(check.root.at(place.path)?.member("properties"), "\(place.name)")
      let without = try #require(Self.parsed(Self.document(place, nil, "")))
      for key in place.keys where place.base[key] == nil {
        guard let value = properties.member(key)?.member("default") else { continue }
        let text = Self.document(place, key, String(decoding: value.bytes, as: UTF8.self))
        #expect(Self.parsed(text) == without, "\(text)")
        withDefault.insert(key)
        let isRead = Self.samples.contains { sample in
          Self.parsed(Self.document(place, key, sample)).map { $0 != without } ?? false
        }
        if isRead { read.insert(key) }
      }
    }
    #expect(withDefault.subtracting(read) == [])
    let allKeys = Set(Self.places.flatMap(\.keys))
    let optional: Set = [
      "$schema", "allowStateless", "auth", "authStorePath", "caFile", "authorizationEndpoint", "authorizationServer",
      "clientId",
      "clientMetadataUrl", "clientSecret", "clientSecretEnv", "codeChallengeMethodsSupported", "command", "cwd",
      "issuer",
      "privateKeyFile", "signingAlg",
      "daemon", "http", "mcp", "mcpHttpServer", "profile", "description", "instructions", "servers",
      "mcpServers", "password", "passwordEnv", "policy", "protocolVersion", "registrationEndpoint",
      "resourceMetadataUrl",
      "scope", "timeout", "token", "tokenEndpoint", "tokenEnv", "tokenStoreKey", "transport", "type", "url", "username",
    ]
    #expect(allKeys.subtracting(withDefault) == optional)
  }

  @Test func theExamplesAreValid() throws {
    let check = JSONSchemaCheck(root: try Self.schema())
    for name in ["mcp_servers.json", "offline.json"] {
      let text = try Self.read("examples/\(name)")
      #expect(try check.accepts(JSONSlice(validating: Array(text.utf8))), "\(name)")
      #expect(try Configuration.parse(bytes: Array(text.utf8), strict: true).warnings == [], "\(name)")
    }
  }

  // MARK: Helpers

  /// The place's document with `key` set to `value`, or its base alone.
  private static func document(_ place: Place, _ key: String?, _ value: String) -> String {
    var members = place.base
    if let key { members[key] = value }
    let object = members.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
    return place.document.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
      .joined(separator: "{\(object)}")
  }

  /// What the strict parser makes of it, less what depends on the text alone; nil when it refuses.
  private static func parsed(_ text: String) -> Configuration? {
    guard var configuration = try? Configuration.parse(bytes: Array(text.utf8), strict: true) else { return nil }
    configuration.fingerprint = ""
    configuration.warnings = []
    for index in configuration.servers.indices { configuration.servers[index].fingerprint = "" }
    return configuration
  }

  private static func schema() throws -> JSONSlice {
    try JSONSlice(validating: Array(try read("docs/config.schema.json").utf8))
  }

  /// A file of the package.
  private static func read(_ path: String) throws -> String {
    let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
    let file = try #require(fopen("\(root)/\(path)", "r"), "\(path)")
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}

extension JSONSlice {
  /// The value below these member names.
  fileprivate func at(_ path: [String]) -> JSONSlice? {
    path.reduce(self as JSONSlice?) { $0?.member($1) }
  }

  fileprivate var keys: [String] { members.compactMap(\.key.string) }
}
