import Foundation
import Glibc
import Testing

/// The `auth` commands that need no network, with their exact output, and what all of them refuse.
@Suite struct CLIAuthTests {
  private static let config = """
    {"authStorePath":"store.json","mcpServers":{
      "z":{"url":"https://${MCP_HOST:-mcp.example.com}/mcp","auth":{"type":"oauth","tokenStoreKey":"shared key"}},
      "linear":{"url":"https://mcp.linear.app/mcp","auth":{"type":"oauth","clientId":"cid","clientSecretEnv":"SECRET",
        "scope":"read write","authorizationEndpoint":"https://linear.app/oauth/authorize",
        "tokenEndpoint":"https://api.linear.app/oauth/token","codeChallengeMethodsSupported":["S256"]}},
      "bearer":{"url":"https://b.example","auth":{"type":"bearer","token":"t"}},
      "open":{"url":"https://o.example"},
      "pipe":{"command":"x"}}}
    """

  private static func program(_ config: String = config, store: String? = nil) throws -> CLIProgram {
    let workspace = CLIWorkspace()
    try workspace.write(config, to: "mcp_servers.json")
    if let store { try workspace.write(store, to: "store.json") }
    return CLIProgram(in: workspace)
  }

  private static func store(of program: CLIProgram, _ name: String = "store.json") -> String {
    let content = FileManager.default.contents(atPath: "\(program.workspace.directory)/\(name)")
    return String(decoding: content ?? Data("(none)".utf8), as: UTF8.self)
  }

  /// The members that every payload begins with.
  private static func head(_ program: CLIProgram, server: String, key: String) -> String {
    """
    {
      "ok": true,
      "config": "mcp_servers.json",
      "authStorePath": "\(program.workspace.directory)/store.json",
      "server": "\(server)",
      "tokenStoreKey": "\(key)",

    """
  }

  // MARK: status

  @Test func statusOfEverything() async throws {
    var program = try Self.program(
      store: """
        {"shared key":{"tokens":{"accessToken":"SECRET-TOKEN","refreshToken":"SECRET-REFRESH","expiresAt":1.5},
          "clientInfo":{"clientId":"c","clientSecret":"SECRET-CLIENT"},"codeVerifier":"SECRET-VERIFIER",
          "serverUrl":"https://other.example/mcp",
          "discovery":{"resourceMetadataUrl":"r","authorizationServer":"a","authorizationEndpoint":"e",
            "tokenEndpoint":"t","codeChallengeMethodsSupported":["plain","S256"]}}}
        """)
    program.environment["MCP_HOST"] = "other.example"
    let result = try await program.run(["auth", "status"])
    #expect(result.code == 0 && result.error.isEmpty)
    #expect(
      result.output == """
        {
          "ok": true,
          "config": "mcp_servers.json",
          "authStorePath": "\(program.workspace.directory)/store.json",
          "servers": [
            {
              "id": "linear",
              "url": "https://mcp.linear.app/mcp",
              "tokenStoreKey": "linear",
              "authStatus": "not_authenticated",
              "discoveryResolved": true,
              "resourceMetadataUrl": "https://mcp.linear.app/mcp",
              "authorizationServer": null,
              "authorizationEndpoint": "https://linear.app/oauth/authorize",
              "tokenEndpoint": "https://api.linear.app/oauth/token",
              "refreshTokenAvailable": false,
              "codeChallengeS256Supported": true,
              "hasClientId": true,
              "hasClientSecret": false,
              "scope": "read write",
              "serverUrlMatches": true
            },
            {
              "id": "z",
              "url": "https://other.example/mcp",
              "tokenStoreKey": "shared key",
              "authStatus": "expired",
              "discoveryResolved": true,
              "resourceMetadataUrl": "r",
              "authorizationServer": "a",
              "authorizationEndpoint": "e",
              "tokenEndpoint": "t",
              "refreshTokenAvailable": true,
              "codeChallengeS256Supported": true,
              "hasClientId": true,
              "hasClientSecret": true,
              "scope": null,
              "serverUrlMatches": true
            }
          ]
        }

        """)
  }

  @Test func whatIsStoredForAnotherAddressDoesNotCount() async throws {
    let program = try Self.program(
      store: """
        {"shared key":{"tokens":{"accessToken":"t"},"serverUrl":"https://other.example/mcp",
          "discovery":{"tokenEndpoint":"t"}}}
        """)
    let result = try await program.run(["auth", "status", "z"])
    #expect(result.code == 0)
    #expect(
      result.output.hasSuffix(
        """
              "authStatus": "not_authenticated",
              "discoveryResolved": false,
              "resourceMetadataUrl": null,
              "authorizationServer": null,
              "authorizationEndpoint": null,
              "tokenEndpoint": null,
              "refreshTokenAvailable": false,
              "codeChallengeS256Supported": false,
              "hasClientId": false,
              "hasClientSecret": false,
              "scope": null,
              "serverUrlMatches": false
            }
          ]
        }

        """))
  }

  @Test(arguments: ["nobody", "bearer", "pipe"]) func aFilterThatMatchesNothing(_ server: String) async throws {
    let program = try Self.program()
    let result = try await program.run(["auth", "status", server])
    #expect(result.code == 0)
    #expect(result.output.hasSuffix("store.json\",\n  \"servers\": []\n}\n"))
    // Looking makes no files.
    #expect(Self.store(of: program) == "(none)" && Self.store(of: program, "store.json.lock") == "(none)")
  }

  @Test func whereTheStoreIs() async throws {
    var program = try Self.program(#"{"mcpServers":{}}"#)
    let home = program.workspace.directory
    func place() async throws -> String {
      let line = try await program.run(["auth", "status"]).output.split(separator: "\n")[3]
      return String(line.dropFirst("  \"authStorePath\": \"".count).dropLast(2))
    }
    #expect(try await place() == "\(home)/.local/share/opencode/mcp-auth.json")
    program.environment["XDG_DATA_HOME"] = "\(home)/data"
    #expect(try await place() == "\(home)/data/opencode/mcp-auth.json")
    try FileManager.default.createDirectory(
      atPath: "\(home)/.config/opencode", withIntermediateDirectories: true)
    try program.workspace.write("{}", to: ".config/opencode/mcp-auth.json")
    #expect(try await place() == "\(home)/.config/opencode/mcp-auth.json")
    program.environment["XDG_DATA_HOME"] = nil
    program.onlyVariables = ["PATH"]
    let result = try await program.run(["auth", "status"])
    #expect(result.code == 1 && result.output.isEmpty)
    #expect(result.error.hasPrefix("Error: no place for the credential store: neither HOME nor USERPROFILE nor "))
  }

  // MARK: import

  @Test func importWithEverything() async throws {
    var program = try Self.program(
      store: #"{"x":{"a":1.0},"shared key":{"tokens":{"idToken":"i","scope":"old"},"y":[]}}"#)
    program.environment["TOKEN"] = "access"
    program.environment["CLIENT_SECRET"] = "cs"
    let result = try await program.run(
      [
        "auth", "import", "z", "--access-token-env", "TOKEN", "--refresh-token", "-", "--expires-at", "32503680000",
        "--scope", "a  b a", "--client-id", "c", "--client-secret-env=CLIENT_SECRET",
      ], input: "refresh\n")
    #expect(result.code == 0 && result.error.isEmpty)
    #expect(
      result.output == Self.head(program, server: "z", key: "shared key") + "  \"authStatus\": \"authenticated\"\n}\n")
    #expect(
      Self.store(of: program) == """
        {
          "x": {
            "a": 1.0
          },
          "shared key": {
            "tokens": {
              "idToken": "i",
              "scope": "a b",
              "accessToken": "access",
              "refreshToken": "refresh",
              "expiresAt": 32503680000
            },
            "y": [],
            "clientInfo": {
              "clientId": "c",
              "clientSecret": "cs"
            },
            "serverUrl": "https://mcp.example.com/mcp"
          }
        }

        """)
  }

  @Test func importTakesTheClientOfTheConfiguration() async throws {
    var program = try Self.program()
    program.environment["SECRET"] = "from the config"
    let result = try await program.run(["auth", "import", "linear", "--access-token=abc", "--expires-at=1"])
    #expect(result.code == 0)
    #expect(result.error.hasPrefix("Warning: --access-token shows the secret to other users of this machine"))
    #expect(!result.error.contains("abc"))
    #expect(result.output == Self.head(program, server: "linear", key: "linear") + "  \"authStatus\": \"expired\"\n}\n")
    let text = Self.store(of: program)
    #expect(text.contains(#""clientId": "cid""#) && text.contains(#""clientSecret": "from the config""#))
  }

  @Test(arguments: [
    ([], "an access token is needed: --access-token or --access-token-env"),
    (["--access-token", "a", "--access-token-env", "HOME"], "--access-token and --access-token-env were both given"),
    (["--access-token-env", "UNSET"], "--access-token-env: the variable UNSET is not set"),
    (["--access-token", "  "], "--access-token: the value is blank"),
    (["--access-token", "a\nb"], "--access-token: the value contains a line break"),
    (["--access-token", "-"], "--access-token: the value is blank"),
    (["--access-token-env", "HOME", "--refresh-token-env", "UNSET"], "--refresh-token-env: the variable UNSET"),
    (["--access-token-env", "HOME", "--client-secret-env", "HOME"], "a client secret needs its client: --client-id"),
    (["--access-token", "-", "--refresh-token", "-"], "--access-token and --refresh-token cannot both read standard"),
  ])
  func importRefuses(_ flags: [String], _ message: String) async throws {
    let program = try Self.program()
    let input = flags.filter { $0 == "-" }.count == 2 ? "token" : "\n"
    let result = try await program.run(["auth", "import", "z"] + flags, input: input)
    #expect(result.code == 1 && result.output.isEmpty)
    #expect(result.error.contains("Error: \(message)"), "\(result.error)")
    #expect(Self.store(of: program) == "(none)")
  }

  /// `clientSecretEnv` of the configuration names a variable that is not set.
  @Test func importWithoutTheConfiguredSecret() async throws {
    let result = try await Self.program().run(["auth", "import", "linear", "--access-token-env", "HOME"])
    #expect(result.code == 1)
    #expect(
      result.error == "Error: the variable SECRET is not set, which clientSecretEnv of server \"linear\" names\n")
  }

  // MARK: logout

  @Test func logout() async throws {
    let program = try Self.program(store: #"{"shared key":{"tokens":{"accessToken":"t"},"unknown":1},"x":{"y":[1]}}"#)
    for wasThere in [true, false] {
      let result = try await program.run(["auth", "logout", "z"])
      #expect(result.code == 0 && result.error.isEmpty)
      #expect(
        result.output == Self.head(program, server: "z", key: "shared key")
          + "  \"removed\": \(wasThere),\n  \"authStatus\": \"not_authenticated\"\n}\n")
      #expect(Self.store(of: program) == "{\n  \"x\": {\n    \"y\": [\n      1\n    ]\n  }\n}\n")
    }
    let empty = try Self.program()
    #expect(try await empty.run(["auth", "logout", "z"]).code == 0)
    #expect(Self.store(of: empty) == "{}\n")
    var information = stat()
    #expect(lstat("\(empty.workspace.directory)/store.json", &information) == 0)
    #expect(information.st_mode & 0o777 == 0o600)
  }

  // MARK: What all of them refuse

  private static let commands = [
    ["discover"], ["login"], ["start"], ["exchange", "--code", "c", "--state", "s"], ["refresh"],
    ["import", "--access-token-env", "HOME"], ["logout"],
  ]

  @Test(arguments: commands) func serversWithoutOAuth(_ command: [String]) async throws {
    let program = try Self.program()
    for (server, message) in [
      ("lineer", "the config file mcp_servers.json has no server \"lineer\"; did you mean \"linear\"?"),
      ("pipe", "server \"pipe\" has no auth: it is a command, and no url"),
      ("open", "server \"open\" has no auth in mcp_servers.json; it needs \"auth\": {\"type\": \"oauth\"}"),
      ("bearer", "the auth of server \"bearer\" is of type bearer, not oauth"),
    ] {
      let result = try await program.run(["auth", command[0], server] + command.dropFirst())
      #expect(result.code == 1 && result.output.isEmpty)
      #expect(result.error == "Error: \(message)\n")
    }
  }

  @Test(arguments: commands + [["status"]]) func aDamagedStore(_ command: [String]) async throws {
    let program = try Self.program(store: #"{"other":{"tokens":{"expiresAt":-1}}}"#)
    let result = try await program.run(["auth", command[0], "z"] + command.dropFirst())
    #expect(result.code == 1 && result.output.isEmpty)
    let path = "\(program.workspace.directory)/store.json"
    #expect(
      result.error == """
        Error: the credential store \(path) is damaged and was left as it is

        Caused by:
            /other/tokens/expiresAt is not a number of seconds

        """)
    #expect(Self.store(of: program) == #"{"other":{"tokens":{"expiresAt":-1}}}"#)
  }

  @Test(arguments: commands + [["status"]]) func templatesOfTheURL(_ command: [String]) async throws {
    let program = try Self.program(#"{"mcpServers":{"s":{"url":"https://{env:NOT_SET}/","auth":{"type":"oauth"}}}}"#)
    let result = try await program.run(["auth", command[0], "s"] + command.dropFirst())
    #expect(result.code == 1 && result.output.isEmpty)
    #expect(
      result.error
        == "Error: the url of server \"s\" cannot be expanded\n\nCaused by:\n    the variable NOT_SET is not set\n")
    let other = try Self.program(#"{"mcpServers":{"s":{"url":"ftp://x/","auth":{"type":"oauth"}}}}"#)
    let unusable = try await other.run(["auth", command[0], "s"] + command.dropFirst())
    if ["import", "logout"].contains(command[0]) {
      #expect(unusable.code == 0)
    } else {
      #expect(unusable.code == 1)
      #expect(unusable.error.hasPrefix("Error: the url of server \"s\" cannot be used\n"))
    }
  }

  @Test(arguments: commands + [["status"]]) func withoutAConfiguration(_ command: [String]) async throws {
    let program = CLIProgram(in: CLIWorkspace())
    let missing = try await program.run(["auth", command[0], "z"] + command.dropFirst())
    #expect(missing.code == 1 && missing.error.hasPrefix("Error: no config file: neither ./mcp_servers.json nor "))
    try program.workspace.write(#"{"mcpServers":{"a":{}}}"#, to: "bad.json")
    let bad = try await program.run(["auth", command[0], "z", "-c", "bad.json"] + command.dropFirst())
    #expect(bad.code == 1)
    #expect(bad.error.hasPrefix("Error: the config file bad.json cannot be used\n\nCaused by:\n    bad.json:1:"))
  }

  @Test func exchangeWithoutAPendingLogin() async throws {
    let exchange = ["auth", "exchange", "z", "--code", "c", "--state"]
    let nothing = try await Self.program().run(exchange + ["s"])
    #expect(nothing.code == 1)
    #expect(nothing.error == "Error: no login of server \"z\" is pending; begin one: warmplane auth start z\n")
    let store =
      #"{"shared key":{"oauthState":"s","codeVerifier":"v","discovery":{"tokenEndpoint":"https://t.example"}}}"#
    let wrong = try await Self.program(store: store).run(exchange + ["x"])
    #expect(wrong.code == 1)
    #expect(wrong.error.hasPrefix("Error: the state is not the one of the pending login of server \"z\"\n"))
    let undiscovered = try await Self.program(store: #"{"shared key":{"oauthState":"s","codeVerifier":"v"}}"#)
      .run(exchange + ["s"])
    #expect(
      undiscovered.error
        == "Error: no token endpoint of server \"z\" is known; find it: warmplane auth discover z\n")
    let issuer = #""authorizationServer":"https://as.example""#
    let announced = store.replacing("\"tokenEndpoint\"", with: "\(issuer),\"tokenEndpoint\"")
    let foreign = try await Self.program(store: announced).run(exchange + ["s", "--iss", "https://as.example/"])
    #expect(foreign.code == 1)
    #expect(foreign.error.hasPrefix("Error: the answer does not belong to the pending login of server \"z\"\n"))
  }
}
