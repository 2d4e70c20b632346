import Configuration
import Protocol
import Supervisor
import Testing

@testable import Front

/// What exists for whom: catalog, policy and scope together.
@Suite("scoped catalog")
struct ScopedCatalogTests {
  private static let members = """
    "policy": {"deny": ["fs.*", "git.secret", "git.deny*", "a.b.*"]},
    "capabilityAliases": {"fs.shown": "say", "db.query": "add", "git.renamed": "fs.mine"},
    "profiles": {
      "work": {"servers": ["git", "db"], "deny": ["db.hidden", "db.t://*"]},
      "narrow": {"allow": ["git.*"]}, "dots": {"servers": ["a"]}, "one": {"servers": ["git"]},
      "parts": {"servers": ["git", "db"], "deny": ["db.x://a", "db.t://*", "db.p"]}
    }
    """

  private static func scoped(_ name: ScopeName) throws -> ScopedCatalog {
    let configuration = try CatalogSample.configuration(["db", "git", "fs", "a", "a.b", "new"], members)
    var catalog = Catalog(configuration)
    catalog.set(
      server: "db",
      try CatalogSample.lists(
        tools: ["query", "hidden", "log"], resources: ["x://a"], prompts: ["p"], templates: ["t://{id}"]))
    catalog.set(
      server: "git",
      try CatalogSample.lists(
        tools: ["add", "log", "secret", "renamed"], resources: ["x://a"], prompts: ["p"], templates: ["t://{id}"]))
    catalog.set(server: "fs", try CatalogSample.lists(tools: ["echo", "shown"]))
    catalog.set(server: "a", try CatalogSample.lists(tools: ["t"]))
    catalog.set(server: "a.b", try CatalogSample.lists(tools: ["u"]))
    return ScopedCatalog(
      catalog: catalog, policy: Policy(configuration.policy), scope: try #require(Scope(name, configuration)))
  }

  /// Scope, id, whose it is if the client said so, verdict.
  static let verdicts: [(ScopeName, String, String?, ScopedCatalog.Verdict)] = [
    // Policy comes before lookup.
    (.everything, "git.log", nil, .open), (.everything, "nix", nil, .open), (.everything, "git.secret", nil, .denied),
    (.everything, "fs.nope", nil, .denied), (.everything, "fs.echo", "fs", .denied),
    // What the scope hides, whether it exists, is denied or neither, is one and the same.
    (.profile("work"), "fs.echo", nil, .unknown), (.profile("work"), "fs.nope", nil, .unknown),
    (.profile("work"), "fs.echo", "fs", .unknown), (.profile("work"), "say", nil, .unknown),
    (.profile("work"), "new.t", nil, .unknown), (.profile("work"), "nix", nil, .unknown),
    (.profile("work"), "db.hidden", nil, .unknown), (.profile("work"), "db.hidden", "db", .unknown),
    // What it could show.
    (.profile("work"), "git.log", nil, .open), (.profile("work"), "git.nope", nil, .open),
    (.profile("work"), "git.secret", nil, .denied), (.profile("work"), "git.deny-and-unknown", nil, .denied),
    (.profile("work"), "add", nil, .open), (.profile("work"), "git.log", "git", .open),
    // An alias that the policy denies, of a server that is shown.
    (.profile("work"), "fs.mine", nil, .denied), (.profile("narrow"), "fs.mine", nil, .unknown),
    (.profile("narrow"), "db.query", nil, .unknown), (.profile("narrow"), "new.t", nil, .unknown),
    (.profile("narrow"), "git.log", nil, .open),
    // An id that may be of a hidden server and of one that is shown tells nothing of the hidden one.
    (.profile("dots"), "a.b.u", nil, .denied), (.profile("dots"), "a.b.v", nil, .denied),
    (.profile("dots"), "a.t", nil, .open), (.profile("dots"), "git.secret", nil, .unknown),
  ]

  @Test("refuses by name what it could show, and knows nothing of the rest", arguments: verdicts)
  func verdict(name: ScopeName, id: String, server: String?, expected: ScopedCatalog.Verdict) throws {
    #expect(try Self.scoped(name).verdict(.capability, id, of: server) == expected)
  }

  /// Scope, what the client writes, what it means.
  static let ids: [(ScopeName, String, String)] = [
    (.everything, "log", "log"), (.server("git"), "log", "git.log"), (.server("git"), "git.log", "git.log"),
    // Another server's alias is not in its way.
    (.server("git"), "add", "git.add"), (.profile("one"), "add", "git.add"), (.everything, "add", "add"),
    (.server("git"), "secret", "git.secret"), (.server("git"), "renamed", "fs.mine"), (.server("git"), "nix", "nix"),
    (.server("new"), "t", "new.t"), (.server("new"), "new.t", "new.t"), (.profile("work"), "log", "log"),
  ]

  @Test("the id of one server needs no prefix, whatever others have", arguments: ids)
  func publicID(name: ScopeName, text: String, expected: String) throws {
    #expect(try Self.scoped(name).publicID(of: text, .capability) == expected)
  }

  @Test("a profile's own patterns decide which server a template and a name belong to")
  func names() throws {
    let all = try Self.scoped(.everything)
    let part = try Self.scoped(.profile("parts"))
    #expect(all.templatedID(of: "t://1") == "db.t://1" && part.templatedID(of: "t://1") == "git.t://1")
    #expect(part.forwardedResource("db.t://1") == nil && part.forwardedResource("git.t://1")?.server == "git")
    for (scoped, id, prompt) in [(all, "db.x://a", "db.p"), (part, "git.x://a", "git.p")] {
      let resources = ExposedNames(scoped.catalog, .resource, scoped.scope, .compact)
      #expect(resources.entry(named: "x://a")?.id == id)
      let prompts = ExposedNames(scoped.catalog, .prompt, scoped.scope, .compact)
      #expect(prompts.entry(named: "p")?.id == prompt)
    }
    #expect(part.entry(.resource, "db.x://a") == nil && part.owner(.resource, "git.x://a") == "git")
  }

  @Test("a template that policy forbids is another server's, if that may be asked")
  func forbidden() throws {
    let configuration = try CatalogSample.configuration(
      ["a", "b"], #""policy": {"deny": ["a.t://*", "b.t://no*"]}"#)
    var catalog = Catalog(configuration)
    let lists = try CatalogSample.lists(templates: ["t://{id}"])
    catalog.set(server: "a", lists)
    catalog.set(server: "b", lists)
    let scoped = ScopedCatalog(catalog: catalog, policy: Policy(configuration.policy), scope: .everything)
    #expect(scoped.templatedID(of: "t://1") == "b.t://1" && scoped.templatedID(of: "t://no") == "a.t://no")
  }

  @Test("operations and records of hidden servers are nobody's")
  func operations() throws {
    let work = try Self.scoped(.profile("work"))
    #expect(work.knows(.capability, "git.log", of: "git") && work.knows(.capability, "git.log", of: ""))
    #expect(work.knows(.capability, "git.gone", of: "git") && work.knows(.capability, "git.secret", of: "git"))
    #expect(!work.knows(.capability, "fs.echo", of: "fs") && !work.knows(.capability, "db.hidden", of: "db"))
    #expect(!work.knows(.capability, nil, of: "git") && !work.knows(.capability, "fs.echo", of: ""))
    let all = try Self.scoped(.everything)
    #expect(all.knows(.capability, nil, of: "gone") && all.knows(.capability, "fs.echo", of: "fs"))
  }
}
