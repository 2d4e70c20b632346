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
