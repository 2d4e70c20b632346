import Foundation
import Glibc
import Protocol
import Testing

/// Daemons whose server wants more than a bearer token of a person: clients that act for themselves, and tokens that are
/// bound to a key.
@Suite("grants of HTTP servers", .timeLimit(.minutes(5)))
struct HTTPGrantTests {
  private static func config(_ world: CLIAuthWorld, _ auth: String = "") -> DaemonConfig {
    DaemonConfig(
      servers: [.http("docs", world.resource, auth: #"{"type":"oauth"\#(auth)}"#)],
      members: ["authStorePath": "\"\(world.directory)/store.json\""])
  }

  @Test("a client with a secret or a key needs no login, asks for the scope that is missed, and renews by itself")
  func clientCredentials() async throws {
    for (method, members) in [
      ("client_secret_basic", #""clientSecretEnv":"GRANT_SECRET""#),
      ("private_key_jwt", #""privateKeyFile":"own.pem""#),
    ] {
      try await DaemonFixture.run(
        DaemonConfig(servers: []), environment: ["GRANT_SECRET": "hush-hush-hush"], isStarted: false
      ) { daemon in
        let world = try CLIAuthWorld(#"{"mcp":true,"scopes":["a","b"],"required_scopes":["b"]}"#)
        let keys = try CLIAuthWorld.keys("ES256")
        try keys.private.write(toFile: "\(daemon.directory)/own.pem", atomically: true, encoding: .utf8)
        chmod("\(daemon.directory)/own.pem", 0o600)
        let shown = keys.public.replacingOccurrences(of: "\n", with: "\\n")
        try world.change(
          #"{"clients":[{"client_id":"m","token_endpoint_auth_method":"\#(method)","client_secret":"hush-hush-hush","#
            + #""public_key":"\#(shown)","alg":"ES256"}]}"#)
        try daemon.write(
          Self.config(world, #","grant":"client_credentials","clientId":"m","issuer":"\#(world.issuer)",\#(members)"#))
        try daemon.start()
        try daemon.wait(for: "docs")
        #expect(try daemon.call("docs.echo", #"{"a":1}"#).content == #"{"a":1}"#)
        #expect(try world.tokenRequests().count == 2, "without a scope, and with that of the refusal")
        #expect(try world.entry().member("tokens")?.member("scope")?.string == "b")
        try world.forget()
        #expect(try daemon.call("docs.echo", #"{"a":2}"#).content == #"{"a":2}"#)
        #expect(try world.tokenRequests().count == 3)
        #expect(
          try world.tokenRequests().allSatisfy {
            $0.member("form")?.member("grant_type")?.string == "client_credentials"
          })
        // Not as often as it likes.
        try world.change(#"{"never_enough":true}"#)
        let answer = try daemon.call("docs.echo")
        #expect(answer.status != 200 && answer.message?.contains("it was asked for already") == true, "\(answer.text)")
        #expect(answer.hint == nil || answer.hint == #"{"actor":"operator"}"#, "\(answer.text)")
        #expect(try world.tokenRequests().count == 3)
      }
    }
  }

  @Test("tokens that are bound to a key, with and without a nonce", arguments: ["true", #""nonce""#])
  func boundTokens(_ mode: String) async throws {
    try await DaemonFixture.run(DaemonConfig(servers: []), isStarted: false) { daemon in
      let world = try CLIAuthWorld(#"{"mcp":true,"dpop":\#(mode)}"#)
      #expect(try await world.program.run(["auth", "login", "docs"]).code == 0)
      try daemon.write(Self.config(world))
      try daemon.start()
      try daemon.wait(for: "docs")
      for number in 1...3 {
        #expect(try daemon.call("docs.echo", #"{"a":\#(number)}"#).content == #"{"a":\#(number)}"#)
      }
      // Another nonce, and another token: both are seen to within one call.
      try world.change(#"{"nonce":"nonce-2"}"#)
      try world.forget()
      #expect(try daemon.call("docs.echo", #"{"a":4}"#).content == #"{"a":4}"#)
      #expect(try world.entry().member("tokens")?.member("dpopKey")?.string?.contains("PRIVATE KEY") == true)
      #expect(try daemon.worker("docs").member("restarts")?.int == 0)
    }
  }
}
