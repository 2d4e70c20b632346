import Foundation
import Protocol
import Testing

/// What a login takes over from the one before: scopes, clients, what was discovered.
@Suite(.timeLimit(.minutes(5))) struct CLIAuthAgainTests {
  /// What the server missed in a token is asked for by the next login, beside what there was.
  @Test func stepUp() async throws {
    try await BlockingExecutor.run {
      let world = try CLIAuthWorld(#"{"scopes":["mcp","old","new"]}"#, auth: #","scope":"mcp""#)
      #expect(try await world.program.run(["auth", "login", "docs"]).code == 0)
      try world.edit("challengedScope", #""new mcp""#)
      let client = try world.entry().member("clientInfo")?.member("clientId")?.string
      // The client was registered for less, so there will be another one; but not before it has tokens.
      #expect(try await world.program.run(["auth", "start", "docs"]).code == 0)
      #expect(try world.entry().member("clientInfo")?.member("clientId")?.string == client)
      #expect(try await world.program.run(["auth", "refresh", "docs"]).code == 0)
      try world.edit("tokens.scope", #""old""#)
      #expect(try await world.program.run(["auth", "login", "docs"]).code == 0)
      let query = try world.log().last { $0.member("path")?.string == "/authorize" }?.member("query")?.string
      #expect(try CLIAuthWorld.query(of: "http://x/?\(query ?? "")")["scope"] == "mcp old new")
      let entry = try world.entry()
      #expect(entry.member("challengedScope") == nil && entry.member("pendingLogin") == nil)
      #expect(entry.member("clientInfo")?.member("clientId")?.string != client)
      #expect(try await world.program.run(["auth", "refresh", "docs"]).code == 0)
      #expect(entry.member("tokens")?.member("scope")?.string == "mcp old new")
    }
  }

  @Test func freshRecordsAreUsedAgain() async throws {
    try await BlockingExecutor.run {
      let world = try CLIAuthWorld()
      func metadataRequests() throws -> Int { try world.paths().filter { $0.contains("/.well-known/") }.count }
      #expect(try await world.program.run(["auth", "start", "docs"]).code == 0)
      let once = try metadataRequests()
      #expect(try await world.program.run(["auth", "start", "docs"]).code == 0)
      #expect(try metadataRequests() == once)
      for arguments in [["start", "docs", "--force"], ["discover", "docs"], ["discover", "docs", "--force"]] {
        let before = try metadataRequests()
        #expect(try await world.program.run(["auth"] + arguments).code == 0)
        #expect(try metadataRequests() == before + once)
      }
      try world.edit("discovery.discoveredAt", "\(Int(Date.now.timeIntervalSince1970) - 86_400)")
      let before = try metadataRequests()
      #expect(try await world.program.run(["auth", "start", "docs"]).code == 0)
      #expect(try metadataRequests() == before + once)
    }
  }
}
