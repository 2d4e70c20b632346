import Configuration
import Testing

@Suite("profiles")
struct ProfileTests {
  private func parse(_ profiles: String) throws -> Configuration {
    let text = #"{"mcpServers": {"a": {"command": "x"}, "b": {"command": "y"}}, "profiles": \#(profiles)}"#
    return try Configuration.parse(bytes: Array(text.utf8))
  }

  @Test("are read with all their members")
  func whole() throws {
    let configuration = try parse(
      """
      {"work": {"servers": ["b"], "allow": ["b.*"], "deny": ["b.x"], "exposure": "direct", "description": "d",
      "instructions": "i"}, "all": {}}
      """)
    var work = ProfileSettings(name: "work")
    work.servers = ["b"]
    work.policy.allow = ["b.*"]
    work.policy.deny = ["b.x"]
    work.exposure = .direct
    work.description = "d"
    work.instructions = "i"
    #expect(configuration.profiles == [work, ProfileSettings(name: "all")])
    #expect(configuration.warnings.isEmpty)
  }

  /// Text and a part of the message.
  static let errors: [(String, String)] = [
    (#"{"a b": {}}"#, "no name of a profile"),
    (#"{"..": {}}"#, "no name of a profile"),
    (#"{"": {}}"#, "no name of a profile"),
    (#"{"p": {"exposure": "ful"}}"#, #"did you mean "full"?"#),
    (#"{"p": {"exposure": "direct"}}"#, "name exactly one in servers"),
    (#"{"p": {"exposure": "direct", "servers": ["a", "b"]}}"#, "name exactly one in servers"),
    (#"{"p": {"servers": "a"}}"#, "expected an array of strings"),
    (#"{"p": []}"#, "expected an object"),
    (#"[]"#, "expected an object"),
  ]

  @Test("have errors that name the place", arguments: errors)
  func bad(profiles: String, message: String) {
    let failure = #expect(throws: ConfigurationFailure.self) { try parse(profiles) }
    let problem = failure?.problems.first { $0.message.contains(message) }
    #expect(problem?.pointer.hasPrefix("/profiles") == true, "\(failure.map { "\($0.problems)" } ?? "")")
  }

  @Test("warn of servers that do not exist and of unknown keys")
  func warnings() throws {
    let configuration = try parse(#"{"p": {"servers": ["aa"], "server": "a"}}"#)
    let messages = configuration.warnings.map(\.message)
    #expect(messages.contains { $0.contains(#"names the server "aa", which does not exist; did you mean "a"?"#) })
    #expect(messages.contains { $0.contains(#"unknown key "server" in profile "p"; did you mean "servers"?"#) })
  }
}
