import Configuration
import Testing

/// Where the credential store is (contract §7.2).
struct CredentialStoreLocationTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var variables: [String: String]
    var files: Set<String> = []
    var configured: String?
    var found: String?
    var testDescription: String { "\(variables) \(files.sorted())" }
  }

  @Test(arguments: [
    Row(variables: ["HOME": "/h"], configured: "/c/s.json", found: "/c/s.json"),
    Row(variables: [:], configured: "/c/s.json", found: "/c/s.json"),
    Row(
      variables: ["HOME": "/h", "XDG_DATA_HOME": "/x"],
      files: ["/x/opencode/mcp-auth.json", "/h/.local/share/opencode/mcp-auth.json"],
      found: "/x/opencode/mcp-auth.json"),
    Row(
      variables: ["HOME": "/h", "XDG_DATA_HOME": "/x"],
      files: ["/h/.local/share/opencode/mcp-auth.json", "/h/.config/opencode/mcp-auth.json"],
      found: "/h/.local/share/opencode/mcp-auth.json"),
    Row(
      variables: ["HOME": "/h", "XDG_DATA_HOME": "/x"], files: ["/h/.config/opencode/mcp-auth.json"],
      found: "/h/.config/opencode/mcp-auth.json"),
    Row(variables: ["HOME": "/h", "XDG_DATA_HOME": "/x"], found: "/x/opencode/mcp-auth.json"),
    Row(variables: ["HOME": "/h"], found: "/h/.local/share/opencode/mcp-auth.json"),
    Row(variables: ["HOME": "/h/", "XDG_DATA_HOME": ""], found: "/h/.local/share/opencode/mcp-auth.json"),
    Row(variables: ["HOME": "/h", "XDG_DATA_HOME": "relative"], found: "/h/.local/share/opencode/mcp-auth.json"),
    Row(
      variables: ["HOME": "", "USERPROFILE": "/u", "HOMEDRIVE": "/d", "HOMEPATH": "/p"],
      found: "/u/.local/share/opencode/mcp-auth.json"),
    Row(variables: ["HOMEDRIVE": "/d", "HOMEPATH": "/p"], found: "/d/p/.local/share/opencode/mcp-auth.json"),
    Row(variables: ["HOMEDRIVE": "/d"], found: nil),
    Row(variables: [:], found: nil),
    Row(variables: ["XDG_DATA_HOME": "/x"], found: "/x/opencode/mcp-auth.json"),
  ])
  func location(_ row: Row) {
    let found = try? CredentialStoreLocation.find(
      configured: row.configured, environment: { row.variables[$0] }, exists: { row.files.contains($0) })
    #expect(found == row.found)
  }
}
