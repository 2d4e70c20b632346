import Foundation
import Glibc
import Protocol
import TestSupport
import Testing

/// Logins with the built program, a real authorization server and something that behaves as a browser does.
@Suite(.timeLimit(.minutes(5))) struct CLIAuthLoginTests {
  /// The members that every payload begins with.
  static func head(_ world: CLIAuthWorld) -> String {
    """
    {
      "ok": true,
      "config": "mcp_servers.json",
      "authStorePath": "\(world.directory)/store.json",
      "server": "docs",
      "tokenStoreKey": "docs",

    """
  }

  private static func secrets(_ world: CLIAuthWorld) throws -> [String] {
    let entry = try world.entry()
    let members = [
      entry.member("tokens")?.member("accessToken"), entry.member("tokens")?.member("refreshToken"),
      entry.member("clientInfo")?.member("clientSecret"), entry.member("codeVerifier"),
    ]
    return members.compactMap { $0?.string }
  }

  @Test func fromDiscoveryToLogout() async throws {
    try await BlockingExecutor.run {
      let world = try CLIAuthWorld()
      let (program, issuer) = (world.program, world.issuer)
      var printed = ""
      func run(_ arguments: String...) async throws -> String {
        let result = try await program.run(["auth"] + arguments)
        #expect(result.code == 0 && result.error.isEmpty, "\(arguments): \(result.error)")
        printed += result.output
        return result.output
      }

      #expect(
        try await run("discover", "docs") == Self.head(world) + """
            "discovery": {
              "resourceMetadataUrl": "\(world.resource.replacing("/mcp", with: "/.well-known/oauth-protected-resource/mcp"))",
              "authorizationServer": "\(issuer)",
              "authorizationMetadataUrl": "\(issuer)/.well-known/oauth-authorization-server",
              "authorizationEndpoint": "\(issuer)/authorize",
              "tokenEndpoint": "\(issuer)/token",
              "registrationEndpoint": "\(issuer)/register",
              "scopesSupported": [
                "mcp"
              ],
              "codeChallengeMethodsSupported": [
                "S256"
              ],
              "tokenEndpointAuthMethodsSupported": [
                "client_secret_post",
                "client_secret_basic"
              ]
            }
          }

          """)
      let discovery = try world.paths()
      #expect(
        try await run("login", "docs") == Self.head(world)
          + "  \"browserOpened\": true,\n  \"authStatus\": \"authenticated\"\n}\n")
      // What was discovered a moment ago was not asked for again.
      #expect(
        Array(try world.paths().dropFirst(discovery.count)) == ["POST /register", "GET /authorize", "POST /token"])
      #expect(
        world.text("page") == "200 warmplane has got the answer. You can close this page and go back to the terminal.\n"
      )
      let entry = try world.entry()
      #expect(entry.member("oauthState") == nil && entry.member("codeVerifier") == nil)
      #expect(entry.member("serverUrl")?.string == world.resource)

      let status = try await run("status", "docs")
      #expect(status.contains("\"authStatus\": \"authenticated\"") && status.contains("\"hasClientId\": true"))

      let first = entry.member("tokens")?.member("accessToken")?.string
      try world.edit("tokens.expiresAt", "1")
      #expect(try await run("status", "docs").contains("\"authStatus\": \"expired\""))
      for _ in 1...2 {
        #expect(
          try await run("refresh", "docs") == Self.head(world)
            + "  \"authStatus\": \"authenticated\",\n  \"refreshTokenAvailable\": true\n}\n")
      }
      #expect(try world.entry().member("tokens")?.member("accessToken")?.string != first)

      let secrets = try Self.secrets(world)
      #expect(secrets.count == 3)
      #expect(
        try await run("logout", "docs") == Self.head(world)
          + "  \"removed\": true,\n  \"authStatus\": \"not_authenticated\"\n}\n")
      #expect(world.text() == "{}\n")
      for secret in secrets { #expect(!printed.contains(secret) && !world.text("argv").contains(secret)) }
    }
  }

  /// What leaves the machine, in the contract's order.
  @Test func theRequests() async throws {
    try await BlockingExecutor.run {
      let world = try CLIAuthWorld(
        #"{"scopes":["mcp","more"],"metadata":{"authorization_endpoint":null}}"#,
        auth:
          #","scope":"mcp  more","clientName":"my client","authorizationServer":"%ISSUER%","authorizationEndpoint":"%ISSUER%/authorize?tenant=1","tokenEndpoint":"%ISSUER%/token","registrationEndpoint":"%ISSUER%/register","codeChallengeMethodsSupported":["S256"]"#,
        host: "localhost")
      let result = try await world.program.run(["auth", "login", "docs"])
      #expect(result.code == 0)
      #expect(result.error.hasPrefix("Warning: discovery failed (no usable metadata of an authorization server: "))
      let log = try world.log()
      func entry(_ path: String) throws -> JSONSlice {
        try #require(log.first { $0.member("path")?.string == path })
      }
      let redirect = "http://localhost:\(world.port)/callback"
      let registration = try entry("/register").member("json")
      #expect(
        registration.map { String(decoding: $0.compacted(), as: UTF8.self) }
          == #"{"client_name":"my client","redirect_uris":["\#(redirect)"],"grant_types":["authorization_code","#
          + #""refresh_token"],"response_types":["code"],"application_type":"native","scope":"mcp more"}"#)
      let query = try entry("/authorize").member("query")?.string ?? ""
      let names = query.split(separator: "&").map { String($0.prefix { $0 != "=" }) }
      #expect(
        names == [
          "tenant", "response_type", "client_id", "redirect_uri", "code_challenge", "code_challenge_method", "state",
          "scope", "resource",
        ])
      let parameters = try CLIAuthWorld.query(of: "http://x/?\(query)")
      #expect(parameters["redirect_uri"] == redirect && parameters["resource"] == world.resource)
      #expect(parameters["scope"] == "mcp more" && parameters["code_challenge_method"] == "S256")
      #expect(parameters["code_challenge"]?.count == 43 && parameters["state"]?.count == 32)
      let form = try entry("/token").member("form")
      #expect(form?.member("grant_type")?.string == "authorization_code")
      #expect(form?.member("redirect_uri")?.string == redirect && form?.member("resource")?.string == world.resource)
      #expect(form?.member("code_verifier")?.string?.count == 43)
    }
  }

  @Test func byHand() async throws {
    try await BlockingExecutor.run {
      let world = try CLIAuthWorld(
        #"{"iss":"right","metadata":{"authorization_response_iss_parameter_supported":true}}"#)
      let program = world.program
      let abandoned = try await program.run(["auth", "start", "docs"])
      #expect(abandoned.code == 0 && abandoned.error.isEmpty)
      let started = try await program.run(["auth", "start", "docs"])
      #expect(
        started.error
          == "Warning: a login that was begun before and not finished is void now; its code cannot be exchanged\n")
      let payload = try JSONSlice(validating: Array(started.output.utf8))
      let url = try #require(payload.member("authorizationUrl")?.string)
      let state = try #require(payload.member("state")?.string)
      #expect(
        started.output == Self.head(world)
          + "  \"authorizationUrl\": \"\(url)\",\n  \"redirectUri\": \"\(world.redirectURI)\",\n  \"state\": \"\(state)\"\n}\n"
      )
      #expect(try !Self.secrets(world).contains { started.output.contains($0) })
      let answer = try CLIAuthWorld.query(of: try world.browse(url))
      let code = try #require(answer["code"])
      #expect(answer["state"] == state && answer["iss"] == world.issuer)

      let before = world.text()
      func exchange(_ flags: String..., input: String = "") async throws -> CLIProgram.Result {
        try await program.run(["auth", "exchange", "docs"] + flags, input: input)
      }
      #expect(try await exchange("--code", code, "--state", "\(state)x").code == 1)
      let foreign = try await exchange("--code", code, "--state", state, "--iss", "\(world.issuer)/")
      #expect(foreign.code == 1 && foreign.error.contains("the answer came from another issuer"))
      // None of that used up the code or the login.
      #expect(world.text() == before)
      #expect(try world.paths().contains("POST /token") == false)
      let done = try await exchange("--code", "-", "--state", state, input: "\(code)\n")
      #expect(done.code == 0)
      #expect(done.error.hasPrefix("Warning: the authorization server names itself in its answers (iss); "))
      #expect(done.output == Self.head(world) + "  \"authStatus\": \"authenticated\"\n}\n")
      let again = try await exchange("--code", code, "--state", state)
      #expect(again.code == 1)
      #expect(again.error == "Error: no login of server \"docs\" is pending; begin one: warmplane auth start docs\n")
    }
  }

  /// A provider without discovery, as Linear was: everything is in the configuration.
  @Test func explicitEndpointsWithoutDiscovery() async throws {
    try await BlockingExecutor.run {
      let client =
        #"{"client_id":"known","client_secret":"hush","token_endpoint_auth_method":"client_secret_post","redirect_uri":"http://127.0.0.1:%PORT%/callback"}"#
      var world = try CLIAuthWorld(
        #"{"resource_metadata":"none","metadata_paths":[],"registration":false,"clients":[\#(client)]}"#,
        auth:
          #","clientId":"known","clientSecretEnv":"SECRET","authorizationEndpoint":"%ISSUER%/authorize","tokenEndpoint":"%ISSUER%/token","codeChallengeMethodsSupported":["S256"]"#
      )
      let unset = try await world.program.run(["auth", "login", "docs"])
      #expect(unset.code == 1 && unset.error.contains("the variable SECRET is not set"))
      #expect(try await world.program.run(["auth", "discover", "docs"]).code == 0)
      world.program.environment["SECRET"] = "hush"
      let discovered = try await world.program.run(["auth", "discover", "docs"])
      #expect(discovered.code == 0)
      #expect(discovered.error.hasPrefix("Warning: discovery failed (no usable metadata of an authorization server: "))
      #expect(
        discovered.output == Self.head(world) + """
            "discovery": {
              "resourceMetadataUrl": "\(world.resource)",
              "authorizationServer": null,
              "authorizationMetadataUrl": null,
              "authorizationEndpoint": "\(world.issuer)/authorize",
              "tokenEndpoint": "\(world.issuer)/token",
              "registrationEndpoint": null,
              "scopesSupported": [],
              "codeChallengeMethodsSupported": [
                "S256"
              ]
            }
          }

          """)
      let result = try await world.program.run(["auth", "login", "docs"])
      #expect(result.code == 0, "\(result.error)")
      #expect(result.output.hasSuffix("  \"browserOpened\": true,\n  \"authStatus\": \"authenticated\"\n}\n"))
      #expect(try await world.program.run(["auth", "refresh", "docs"]).code == 0)
      #expect(!world.text("argv").contains("hush"))
    }
  }
}
