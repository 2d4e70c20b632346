import Foundation
import Testing

/// What all `auth` commands refuse, with their exact words.
@Suite struct CLIAuthRefusalTests {
  private static let commands = [
    ["discover"], ["login"], ["start"], ["exchange", "--code", "c", "--state", "s"], ["refresh"],
    ["import", "--access-token-env", "HOME"], ["logout"],
  ]

  @Test(arguments: commands) func serversWithoutOAuth(_ command: [String]) async throws {
    let program = try CLIAuthSample.program()
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
    let program = try CLIAuthSample.program(store: #"{"other":{"tokens":{"expiresAt":-1}}}"#)
    let result = try await program.run(["auth", command[0], "z"] + command.dropFirst())
    #expect(result.code == 1 && result.output.isEmpty)
    let path = "\(program.workspace.directory)/store.json"
    #expect(
      result.error == """
        Error: the credential store \(path) is damaged and was left as it is

        Caused by:
            /other/tokens/expiresAt is not a number of seconds

        """)
    #expect(CLIAuthSample.store(of: program) == #"{"other":{"tokens":{"expiresAt":-1}}}"#)
  }

  @Test(arguments: commands + [["status"]]) func templatesOfTheURL(_ command: [String]) async throws {
    let program = try CLIAuthSample.program(
      #"{"mcpServers":{"s":{"url":"https://{env:NOT_SET}/","auth":{"type":"oauth"}}}}"#)
    let result = try await program.run(["auth", command[0], "s"] + command.dropFirst())
    #expect(result.code == 1 && result.output.isEmpty)
    #expect(
      result.error
        == "Error: the url of server \"s\" cannot be expanded\n\nCaused by:\n    the variable NOT_SET is not set\n")
    let other = try CLIAuthSample.program(#"{"mcpServers":{"s":{"url":"ftp://x/","auth":{"type":"oauth"}}}}"#)
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
    let nothing = try await CLIAuthSample.program().run(exchange + ["s"])
    #expect(nothing.code == 1)
    #expect(nothing.error == "Error: no login of server \"z\" is pending; begin one: warmplane auth start z\n")
    let store =
      #"{"shared key":{"oauthState":"s","codeVerifier":"v","discovery":{"tokenEndpoint":"https://t.example"}}}"#
    let wrong = try await CLIAuthSample.program(store: store).run(exchange + ["x"])
    #expect(wrong.code == 1)
    #expect(wrong.error.hasPrefix("Error: the state is not the one of the pending login of server \"z\"\n"))
    let undiscovered = try await CLIAuthSample.program(store: #"{"shared key":{"oauthState":"s","codeVerifier":"v"}}"#)
      .run(exchange + ["s"])
    #expect(
      undiscovered.error
        == "Error: no token endpoint of server \"z\" is known; find it: warmplane auth discover z\n")
    let issuer = #""authorizationServer":"https://as.example""#
    let announced = store.replacing("\"tokenEndpoint\"", with: "\(issuer),\"tokenEndpoint\"")
    let foreign = try await CLIAuthSample.program(store: announced).run(
      exchange + ["s", "--iss", "https://as.example/"])
    #expect(foreign.code == 1)
    #expect(foreign.error.hasPrefix("Error: the answer does not belong to the pending login of server \"z\"\n"))
  }
}
