import Foundation
import Glibc
import Protocol
import TestSupport
import Testing

/// Browsers that do not open, and people that give up.
@Suite(.timeLimit(.minutes(5))) struct CLIAuthBrowserTests {
  /// What a login that runs has printed: a sentence and the address to open.
  private static func shown(_ world: CLIAuthWorld) async throws -> (sentence: String, address: String) {
    var lines: [Substring] = []
    let isThere = try await eventually {
      let name = try FileManager.default.contentsOfDirectory(atPath: world.directory).first { $0.hasSuffix(".err") }
      let text = world.text(name ?? "none")
      lines = text.split(separator: "\n")
      return text.hasSuffix("\n") && lines.count == 2
    }
    try #require(isThere, "\(lines)")
    return (String(lines[0]), String(lines[1]))
  }

  @Test func withoutABrowser() async throws {
    try await BlockingExecutor.run {
      let world = try CLIAuthWorld()
      let running = try world.program.start(["auth", "login", "docs", "--no-browser"])
      let port = world.port
      #expect(await eventually { world.text().contains("oauthState") })
      #expect(CLIAuthWorld.status(of: "/favicon.ico", port) == 404)
      // Whatever else comes to the address does not end the wait.
      #expect(CLIAuthWorld.status(of: "/callback?code=x&state=y", port) == 400)
      #expect(CLIAuthWorld.status(of: "/callback?error=access_denied", port) == 400)
      #expect(CLIAuthWorld.status(of: "/callback?code=x", port, method: "POST") == 405)
      let state = try #require(try world.entry().member("oauthState")?.string)
      #expect(CLIAuthWorld.status(of: "/callback?state=\(state)", port) == 400)
      let (sentence, address) = try await Self.shown(world)
      #expect(sentence == "Open this address in a browser to log in:")
      let location = try world.browse(address)
      #expect(CLIAuthWorld.status(of: String(location.dropFirst("http://127.0.0.1:\(port)".count)), port) == 200)
      let result = try await running.result()
      #expect(result.code == 0)
      #expect(
        result.output == CLIAuthLoginTests.head(world)
          + "  \"browserOpened\": false,\n  \"authStatus\": \"authenticated\"\n}\n")
      #expect(world.text("argv").isEmpty)
    }
  }

  @Test(arguments: ["fails", "missing"]) func aBrowserThatDoesNotOpen(_ way: String) async throws {
    try await BlockingExecutor.run {
      var world = try CLIAuthWorld()
      let port = world.port
      if way == "fails" {
        world.program.environment["BROWSER_FAILS"] = "3"
      } else {
        world.program.environment["PATH"] = "/nowhere"
      }
      let running = try world.program.start(["auth", "login", "docs"])
      let (sentence, address) = try await Self.shown(world)
      #expect(sentence.hasSuffix("Open this address in one to log in:"))
      let location = try world.browse(address)
      #expect(CLIAuthWorld.status(of: String(location.dropFirst("http://127.0.0.1:\(port)".count)), port) == 200)
      let result = try await running.result()
      #expect(result.code == 0 && result.output.contains("\"browserOpened\": false"))
    }
  }

  @Test(arguments: [SIGINT, SIGTERM]) func givingUp(_ signal: Int32) async throws {
    try await BlockingExecutor.run {
      let world = try CLIAuthWorld()
      let running = try world.program.start(["auth", "login", "docs", "--no-browser"])
      _ = try await Self.shown(world)
      #expect(CLIAuthWorld.status(of: "/", world.port) == 404)
      #expect(try world.entry().member("oauthState") != nil)
      kill(running.pid, signal)
      let result = try await running.result()
      #expect(result.code == 130 && !result.isSignaled && result.output.isEmpty)
      #expect(result.error.hasSuffix("\nError: interrupted\n"))
      #expect(CLIAuthWorld.status(of: "/", world.port) == nil)
      // The client that was registered stays; the login does not.
      let entry = try world.entry()
      #expect(entry.member("oauthState") == nil && entry.member("codeVerifier") == nil)
      #expect(entry.member("clientInfo")?.member("clientId") != nil)
    }
  }

  /// Whoever is still in front of the page can finish by hand.
  @Test func nobodyComesInTime() async throws {
    try await BlockingExecutor.run {
      let world = try CLIAuthWorld()
      let result = try await world.program.run(["auth", "login", "docs", "--no-browser", "--timeout", "1"])
      #expect(result.code == 1 && result.output.isEmpty)
      let address = result.error.split(separator: "\n").first { $0.hasPrefix("http") }.map(String.init) ?? ""
      #expect(
        result.error.hasSuffix("Error: nobody finished the login within 1 seconds; its address was \(address)\n"),
        "\(result.error)")
      #expect(CLIAuthWorld.status(of: "/", world.port) == nil)
      let query = try CLIAuthWorld.query(of: try world.browse(address))
      let arguments = ["--code", query["code"] ?? "", "--state", query["state"] ?? ""]
      #expect(try await world.program.run(["auth", "exchange", "docs"] + arguments).code == 0)
      for bad in ["0", "3601", "-1"] {
        let result = try await world.program.run(["auth", "login", "docs", "--timeout=\(bad)"])
        #expect(result.code != 0 && result.error.contains("--timeout"), "\(result.error)")
      }
    }
  }
}
