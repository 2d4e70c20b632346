import Foundation
import Glibc
import Testing

/// The `auth` commands that need no network, with their exact output, and what all of them refuse.
@Suite struct CLIAuthTests {
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
    var program = try CLIAuthSample.program(
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
    let program = try CLIAuthSample.program(
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
    let program = try CLIAuthSample.program()
    let result = try await program.run(["auth", "status", server])
    #expect(result.code == 0)
    #expect(result.output.hasSuffix("store.json\",\n  \"servers\": []\n}\n"))
    // Looking makes no files.
    #expect(
      CLIAuthSample.store(of: program) == "(none)" && CLIAuthSample.store(of: program, "store.json.lock") == "(none)")
  }

  @Test func whereTheStoreIs() async throws {
    var program = try CLIAuthSample.program(#"{"mcpServers":{}}"#)
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
    var program = try CLIAuthSample.program(
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
      CLIAuthSample.store(of: program) == """
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
    var program = try CLIAuthSample.program()
    program.environment["SECRET"] = "from the config"
    let result = try await program.run(["auth", "import", "linear", "--access-token=abc", "--expires-at=1"])
    #expect(result.code == 0)
    #expect(result.error.hasPrefix("Warning: --access-token shows the secret to other users of this machine"))
    #expect(!result.error.contains("abc"))
    #expect(result.output == Self.head(program, server: "linear", key: "linear") + "  \"authStatus\": \"expired\"\n}\n")
    let text = CLIAuthSample.store(of: program)
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
    let program = try CLIAuthSample.program()
    let input = flags.filter { $0 == "-" }.count == 2 ? "token" : "\n"
    let result = try await program.run(["auth", "import", "z"] + flags, input: input)
    #expect(result.code == 1 && result.output.isEmpty)
    #expect(result.error.contains("Error: \(message)"), "\(result.error)")
    #expect(CLIAuthSample.store(of: program) == "(none)")
  }

  /// `clientSecretEnv` of the configuration names a variable that is not set.
  @Test func importWithoutTheConfiguredSecret() async throws {
    let result = try await CLIAuthSample.program().run(["auth", "import", "linear", "--access-token-env", "HOME"])
    #expect(result.code == 1)
    #expect(
      result.error == "Error: the variable SECRET is not set, which clientSecretEnv of server \"linear\" names\n")
  }

  // MARK: logout

  @Test func logout() async throws {
    let program = try CLIAuthSample.program(
      store: #"{"shared key":{"tokens":{"accessToken":"t"},"unknown":1},"x":{"y":[1]}}"#)
    for wasThere in [true, false] {
      let result = try await program.run(["auth", "logout", "z"])
      #expect(result.code == 0 && result.error.isEmpty)
      #expect(
        result.output == Self.head(program, server: "z", key: "shared key")
          + "  \"removed\": \(wasThere),\n  \"authStatus\": \"not_authenticated\"\n}\n")
      #expect(CLIAuthSample.store(of: program) == "{\n  \"x\": {\n    \"y\": [\n      1\n    ]\n  }\n}\n")
    }
    let empty = try CLIAuthSample.program()
    #expect(try await empty.run(["auth", "logout", "z"]).code == 0)
    #expect(CLIAuthSample.store(of: empty) == "{}\n")
    var information = stat()
    #expect(lstat("\(empty.workspace.directory)/store.json", &information) == 0)
    #expect(information.st_mode & 0o777 == 0o600)
  }
}
