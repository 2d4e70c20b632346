import Configuration
import Glibc
import Testing

@Suite struct ConfigurationLocationTests {
  @Test(
    arguments: [
      ("given.json", [:], [], "given.json"),
      ("given.json", [:], ["mcp_servers.json"], "given.json"),
      (nil, ["HOME": "/h"], ["mcp_servers.json", "/h/.config/warmplane/mcp_servers.json"], "mcp_servers.json"),
      (nil, ["HOME": "/h"], ["/h/.config/warmplane/mcp_servers.json"], "/h/.config/warmplane/mcp_servers.json"),
      (
        nil, ["HOME": "/h", "XDG_CONFIG_HOME": "/c"], ["/c/warmplane/mcp_servers.json"], "/c/warmplane/mcp_servers.json"
      ),
      (
        nil, ["HOME": "/h", "XDG_CONFIG_HOME": "relative"], ["/h/.config/warmplane/mcp_servers.json"],
        "/h/.config/warmplane/mcp_servers.json"
      ),
    ] as [(String?, [String: String], Set<String>, String)])
  func theFirstThatExists(
    _ flag: String?, _ environment: [String: String], _ files: Set<String>, _ expected: String
  ) throws {
    let location = try ConfigurationLocation.find(
      flag: flag, environment: { environment[$0] }, exists: { files.contains($0) })
    #expect(location.path == expected)
    #expect(location.isExplicit == (flag != nil))
  }

  @Test func theErrorNamesBothPlaces() {
    let failure = #expect(throws: ConfigurationNotFound.self) {
      try ConfigurationLocation.find(
        flag: nil, environment: { $0 == "XDG_CONFIG_HOME" ? "/c" : nil }, exists: { _ in false })
    }
    #expect(
      failure?.description
        == "no config file: neither ./mcp_servers.json nor /c/warmplane/mcp_servers.json exists; name one with --config"
    )
  }

  @Test func symbolicLinksLeadToOneInstance() throws {
    var template = Array("/tmp/warmplane-test-XXXXXX".utf8CString)
    let directory = String(cString: try #require(mkdtemp(&template)))
    defer {
      unlink("\(directory)/real.json")
      unlink("\(directory)/link.json")
      rmdir(directory)
    }
    #expect(mknod("\(directory)/real.json", S_IFREG | 0o600, 0) == 0)
    #expect(symlink("real.json", "\(directory)/link.json") == 0)
    func real(_ name: String) throws -> String? {
      try ConfigurationLocation.find(flag: "\(directory)/\(name)").realPath
    }
    #expect(try real("link.json") == real("real.json"))
    #expect(try real("real.json") == "\(directory)/real.json")
    #expect(try real("missing.json") == nil)
  }
}
