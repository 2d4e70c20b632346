import Foundation
import Glibc
import Protocol
import TestSupport
import Testing

/// Logins and refreshes that cannot work: what is said, and what stays in the store.
@Suite(.timeLimit(.minutes(5))) struct CLIAuthFailureTests {
  struct Row: Sendable, CustomTestStringConvertible {
    /// Options of the peer.
    let options: String
    /// More members of `auth`.
    var auth = ""
    let error: String
    var testDescription: String { options }
  }

  /// The browser comes back, but not with a code that counts.
  @Test(arguments: [
    Row(
      options: #"{"deny":"access_denied","iss":"right"}"#,
      error: "Error: the login failed\n\nCaused by:\n    the authorization server refused the login (access_denied)\n"),
    Row(
      options: #"{"iss":"wrong"}"#,
      error: "Error: the login failed\n\nCaused by:\n    the answer came from another issuer (iss https://evil.test) "),
    Row(
      options: #"{"deny":"access_denied","iss":"wrong"}"#,
      error: "Error: the login failed\n\nCaused by:\n    the answer came from another issuer (iss https://evil.test) "),
    Row(
      options: #"{"metadata":{"authorization_response_iss_parameter_supported":true}}"#,
      error: "Error: the login failed\n\nCaused by:\n    the answer does not name its issuer (iss), although "),
  ])
  func answersThatFail(_ row: Row) async throws {
    try await BlockingExecutor.run {
      let world = try CLIAuthWorld(row.options)
      let result = try await world.program.run(["auth", "login", "docs"])
      #expect(result.code == 1 && result.output.isEmpty)
      #expect(result.error.hasPrefix(row.error), "\(result.error)")
      #expect(await eventually { world.text("page").hasPrefix("400 The login failed. ") })
      #expect(try !world.paths().contains("POST /token"))
      let entry = try world.entry()
      #expect(entry.member("oauthState") == nil && entry.member("tokens") == nil)
    }
  }

  /// The login does not come as far as a browser, and nothing is stored.
  @Test(arguments: [
    Row(
      options: #"{"resource_metadata":"none","metadata_paths":[]}"#,
      error: "Error: the authorization server of server \"docs\" was not found\n\nCaused by:\n    no usable metadata "),
    Row(
      options: #"{"metadata":{"code_challenge_methods_supported":["plain"]}}"#,
      error: "Error: the authorization server of server \"docs\" was not found\n\nCaused by:\n    no usable metadata "),
    Row(
      options: #"{"metadata":{"authorization_endpoint":"javascript:alert(1)"}}"#,
      error: "Error: the authorization server of server \"docs\" was not found\n\nCaused by:\n    no usable metadata "),
    Row(
      options: #"{"metadata":{"authorization_endpoint":"http://example.com/authorize"}}"#,
      error: "Error: the authorization server of server \"docs\" was not found\n\nCaused by:\n    no usable metadata "),
    Row(
      options: #"{"resource_document":{"resource":"https://other.example/mcp"}}"#,
      error: "Error: the authorization server of server \"docs\" was not found\n\nCaused by:\n    http://127.0.0.1:"),
    Row(
      options: #"{"metadata":{"registration_endpoint":null}}"#,
      error: "Error: server \"docs\" cannot be logged in to\n\nCaused by:\n    the authorization server "),
    Row(
      options: "{}", auth: #","scope":"nonsense""#,
      error: "Error: server \"docs\" cannot be logged in to\n\nCaused by:\n    registering a client failed: "),
    Row(
      options: "{}",
      auth:
        #","authorizationServer":"https://x.example","authorizationEndpoint":"https://x.example/a","issuer":"https://y.example""#,
      error: "Error: server \"docs\" cannot be logged in to\n\nCaused by:\n    "),
  ])
  func loginsThatDoNotBegin(_ row: Row) async throws {
    try await BlockingExecutor.run {
      let world = try CLIAuthWorld(row.options, auth: row.auth)
      for command in ["login", "start"] {
        let result = try await world.program.run(["auth", command, "docs"])
        #expect(result.code == 1 && result.output.isEmpty)
        let error =
          result.error.hasPrefix("Warning: ") ? result.error.drop { $0 != "\n" }.dropFirst() : result.error[...]
        #expect(error.hasPrefix(row.error), "\(result.error)")
        #expect(world.text().isEmpty && world.text("argv").isEmpty)
      }
    }
  }

  @Test func redirectURIsThatNobodyWaitsAt() async throws {
    try await BlockingExecutor.run {
      let world = try CLIAuthWorld()
      let config = world.text("mcp_servers.json")
      try world.program.workspace.write(
        config.replacing("http://127.0.0.1:\(world.port)/callback", with: "https://app.example/callback"),
        to: "mcp_servers.json")
      let login = try await world.program.run(["auth", "login", "docs"])
      #expect(login.code == 1)
      #expect(login.error.hasPrefix("Error: a login cannot wait at the redirectUri of server \"docs\"\n"))
      let start = try await world.program.run(["auth", "start", "docs"])
      #expect(start.code == 0 && start.output.contains("\"redirectUri\": \"https://app.example/callback\""))
    }
  }

  @Test(arguments: [false, true]) func aBusyPort(_ isOnlyTheOtherFamily: Bool) async throws {
    try await BlockingExecutor.run {
      let world = try CLIAuthWorld(host: isOnlyTheOtherFamily ? "localhost" : "127.0.0.1")
      let number = socket(
        isOnlyTheOtherFamily ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      defer { close(number) }
      var v4 = sockaddr_in()
      v4.sin_family = sa_family_t(AF_INET)
      v4.sin_port = world.port.bigEndian
      v4.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
      var v6 = sockaddr_in6()
      v6.sin6_family = sa_family_t(AF_INET6)
      v6.sin6_port = world.port.bigEndian
      v6.sin6_addr = in6addr_loopback
      func take<Address>(_ address: inout Address) -> Bool {
        withUnsafePointer(to: &address) { pointer in
          pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(number, $0, socklen_t(MemoryLayout<Address>.size)) == 0 && listen(number, 1) == 0
          }
        }
      }
      guard isOnlyTheOtherFamily ? take(&v6) : take(&v4) else {
        // A machine without IPv6 has nothing to be busy there.
        #expect(isOnlyTheOtherFamily)
        return
      }
      let result = try await world.program.run(["auth", "login", "docs"])
      #expect(result.code == 1 && result.output.isEmpty)
      #expect(result.error.hasPrefix("Error: cannot wait for the browser at port \(world.port) of "))
      // Bound before the browser opens, and before anything is kept.
      #expect(world.text().isEmpty && world.text("argv").isEmpty)
    }
  }

  /// Ctrl-C is not a discovery that failed: the endpoints of the configuration are no answer to it.
  @Test(arguments: ["discover", "start", "login"]) func interruptedDiscovery(_ command: String) async throws {
    try await BlockingExecutor.run {
      let program = CLIProgram(in: CLIWorkspace())
      // Accepts, and says nothing.
      let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      defer { close(number) }
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let result = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(number, $0, size) == 0 && listen(number, 8) == 0 ? getsockname(number, $0, &size) : -1
        }
      }
      try #require(result == 0)
      try program.workspace.write(
        """
        {"authStorePath":"store.json","mcpServers":{"docs":{"url":"http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))/",
          "auth":{"type":"oauth","clientId":"c","redirectUri":"http://127.0.0.1:\(try CLIAuthWorld.freePort())/",
          "authorizationEndpoint":"https://as.example/a",
          "tokenEndpoint":"https://as.example/t","codeChallengeMethodsSupported":["S256"]}}}}
        """, to: "mcp_servers.json")
      let running = try program.start(["auth", command, "docs"])
      let peer = accept(number, nil, nil)
      defer { close(peer) }
      kill(running.pid, SIGINT)
      let ended = try await running.result()
      #expect(ended.code == 130 && !ended.isSignaled && ended.output.isEmpty)
      #expect(ended.error == "Error: interrupted\n")
      #expect(!FileManager.default.fileExists(atPath: "\(program.workspace.directory)/store.json"))
    }
  }

  @Test func refreshesThatFail() async throws {
    try await BlockingExecutor.run {
      let world = try CLIAuthWorld()
      let program = world.program
      func failure() async throws -> String {
        let result = try await program.run(["auth", "refresh", "docs"])
        #expect(result.code == 1 && result.output.isEmpty)
        return result.error
      }
      #expect(
        try await failure()
          == "Error: server \"docs\" has no stored credentials; log in: warmplane auth login docs\n")
      #expect(try await program.run(["auth", "login", "docs"]).code == 0)
      let tokens = try world.entry().member("tokens")?.bytes
      try world.change(#"{"token_faults":[{"status":503,"body":"SECRET"}]}"#)
      let outage = try await failure()
      #expect(
        outage
          == "Error: server \"docs\" has no valid access token: renewing it failed: \(world.issuer)/token answered 503\n"
      )
      #expect(try world.entry().member("tokens")?.bytes == tokens)
      try world.change(
        #"{"token_faults":[{"status":400,"body":"{\"error\":\"invalid_grant\",\"error_description\":\"gone\",\"x\":\"SECRET\"}"}]}"#
      )
      #expect(
        try await failure() == "Error: server \"docs\" has credentials that are not accepted any more: "
          + "\(world.issuer)/token answered 400 (invalid_grant): gone; run: warmplane auth login docs\n")
      #expect(
        try await failure() == "Error: server \"docs\" has no refresh token; log in again: warmplane auth login docs\n")
      // The access token may still be good.
      #expect(try await program.run(["auth", "status"]).output.contains("\"authStatus\": \"authenticated\""))
      try world.program.workspace.write(
        #"{"docs":{"tokens":{"accessToken":"a","refreshToken":"r"}}}"#, to: "store.json")
      #expect(
        try await failure()
          == "Error: no token endpoint of server \"docs\" is known; find it: warmplane auth discover docs\n")
    }
  }

  @Test func codesThatAreNotExchanged() async throws {
    try await BlockingExecutor.run {
      let world = try CLIAuthWorld()
      let started = try await world.program.run(["auth", "start", "docs"])
      let state = try #require(
        try JSONSlice(validating: Array(started.output.utf8)).member("state")?.string)
      let before = world.text()
      let result = try await world.program.run(["auth", "exchange", "docs", "--code", "WRONG", "--state", state])
      #expect(result.code == 1 && result.output.isEmpty)
      #expect(
        result.error.hasPrefix(
          "Error: the code was not exchanged for tokens\n\nCaused by:\n    \(world.issuer)/token answered 400 "))
      #expect(!result.error.contains("WRONG"))
      #expect(world.text() == before)
    }
  }
}
