import Configuration
import Testing

@testable import Front

@Suite("Scope")
struct ScopeTests {
  private static let profiles = """
    "profiles": {"work": {"servers": ["a", "b"], "allow": ["a.*", "b.x"], "deny": ["a.secret"]}, "all": {},
    "none": {"servers": []}}
    """

  /// Scope, public id, server, whether it exists there.
  static let table: [(ScopeName, String, String, Bool)] = [
    (.everything, "a.x", "a", true),
    (.server("a"), "a.x", "a", true),
    (.server("a"), "b.x", "b", false),
    (.profile("work"), "a.x", "a", true),
    (.profile("work"), "a.secret", "a", false),
    (.profile("work"), "b.x", "b", true),
    (.profile("work"), "b.y", "b", false),
    (.profile("work"), "c.x", "c", false),
    (.profile("all"), "c.x", "c", true),
    (.profile("none"), "a.x", "a", false),
  ]

  @Test("hides what it leaves out", arguments: table)
  func shows(name: ScopeName, id: String, server: String, isShown: Bool) throws {
    let configuration = try CatalogSample.configuration(["a", "b", "c"], Self.profiles)
    let scope = try #require(Scope(name, configuration))
    #expect(scope.shows(id, of: server) == isShown)
    #expect(!Scope.empty(name).shows(id, of: server))
  }

  @Test("does not exist without its server or profile")
  func unknown() throws {
    let configuration = try CatalogSample.configuration(["a"], Self.profiles)
    #expect(Scope(.server("b"), configuration) == nil)
    #expect(Scope(.profile("x"), configuration) == nil)
    #expect(Scope(.server("a"), configuration)?.onlyServer == "a")
    #expect(Scope(.profile("work"), configuration)?.onlyServer == nil)
  }

  /// Members of a profile, and which of the servers its clients know of.
  static let patterns: [(String, [String])] = [
    ("{}", ["a", "a.b", "c"]), (#"{"servers": ["a", "nix"]}"#, ["a"]),
    (#"{"allow": ["a.*"]}"#, ["a", "a.b"]), (#"{"allow": ["a.b.*"]}"#, ["a", "a.b"]),
    (#"{"allow": ["c.x", "a.b.y"], "deny": ["c.*"]}"#, ["a", "a.b"]), (#"{"deny": ["a.*"]}"#, ["c"]),
    (#"{"deny": ["*"]}"#, []), (#"{"deny": ["c.x*"]}"#, ["a", "a.b", "c"]),
    (#"{"allow": ["c.x*"], "deny": ["c.x*"]}"#, []), (#"{"allow": ["c.*"], "deny": ["c.x*"]}"#, ["c"]),
    // An alias is another way in.
    (#"{"allow": ["say"]}"#, ["c"]), (#"{"allow": ["sa*"], "servers": ["a"]}"#, []),
  ]

  @Test("names no server of which its patterns can show nothing", arguments: patterns)
  func servers(members: String, expected: [String]) throws {
    let configuration = try CatalogSample.configuration(
      ["a", "a.b", "c"], #""profiles": {"p": \#(members)}, "promptAliases": {"c.talk": "say"}"#)
    let scope = try #require(Scope(.profile("p"), configuration))
    #expect(["a", "a.b", "c"].filter { scope.includes($0) } == expected)
  }

  @Test("narrowed to a server shows that one while it is granted, and nothing else")
  func narrowed() throws {
    let configuration = try CatalogSample.configuration(["a", "b", "c"], Self.profiles)
    let scope = try #require(Scope(.profile("work"), configuration))
    let one = scope.narrowed(to: "a")
    #expect(one.shows("a.x", of: "a") && !one.shows("a.secret", of: "a") && !one.shows("b.x", of: "b"))
    #expect(one.onlyServer == "a")
    for none in [scope.narrowed(to: "c"), scope.narrowed(to: nil), Scope.empty(.profile("x")).narrowed(to: "a")] {
      #expect(!["a", "b", "c"].contains { none.includes($0) } && none.onlyServer == nil)
    }
    #expect(Scope.everything.narrowed(to: "b").shows("b.x", of: "b"))
  }

  /// What the path stands for, the rest of the request, and what is meant; nil: a contradiction.
  static let places: [(ScopeName, String, [String], ScopeName?)] = [
    (.everything, "/mcp", [], .everything), (.everything, "/mcp?profile=work", [], .profile("work")),
    (.everything, "/mcp", ["work"], .profile("work")), (.everything, "/mcp?profile=a", ["b"], nil),
    (.profile("work"), "/mcp/@work?profile=work", [], .profile("work")),
    (.profile("work"), "/mcp/@work", ["other"], nil), (.server("a"), "/mcp/a?profile=work", [], nil),
    (.server("a"), "/mcp/a?exposure=full", [], .server("a")),
  ]

  @Test("of a path agrees with what else the request says", arguments: places)
  func agreeing(path: ScopeName, target: String, headers: [String], expected: ScopeName?) throws {
    var head = RequestHead(method: .post, target: target)
    for header in headers { head.profile.note(header) }
    do throws(MCPHTTPRefusal) {
      let name = try path.agreeing(with: head)
      #expect(name == expected)
    } catch {
      #expect(expected == nil && error.status == 400)
    }
  }

  /// Query, header values, what is asked for; nil: too much.
  static let requests: [(String, [String], ScopeName?)] = [
    ("/v1/prompts", [], .everything),
    ("/v1/prompts?profile=work", [], .profile("work")),
    ("/v1/prompts?wait=1&profile=w%20k", [], .profile("w k")),
    ("/v1/prompts", ["work"], .profile("work")),
    ("/v1/prompts?profile=work", ["work"], .profile("work")),
    ("/v1/prompts?profile=work", ["all"], nil),
    ("/v1/prompts", ["work", "work"], nil),
    ("/v1/prompts?profile=%4", [], nil),
  ]

  @Test("is read from the query or the header", arguments: requests)
  func asked(target: String, headers: [String], expected: ScopeName?) {
    var head = RequestHead(method: .get, target: target)
    for header in headers { head.profile.note(header) }
    #expect(ScopeName.asked(head) == expected)
  }
}
