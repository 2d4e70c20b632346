import Configuration
import Protocol
import Supervisor
import Testing

@testable import Front

@Suite("names of full and direct exposure")
struct ExposedNamesTests {
  /// Server, name, and what `full` makes of it; nil: a form with a hash.
  static let table: [(String, String, String?)] = [
    ("git", "git_log", "git__git_log"),
    ("my-server", "get-it", "my-server__get-it"),
    ("a", "_b", "a___b"),
    ("a_", "b", nil),
    ("a__b", "c", nil),
    ("a", "b__c", "a__b__c"),
    ("a.b", "c", nil),
    ("a", "b.c", nil),
    ("a", "b c", nil),
    ("a", "ä", nil),
    ("a", String(repeating: "x", count: 45), "a__" + String(repeating: "x", count: 45)),
    ("a", String(repeating: "x", count: 46), nil),
    ("a", "", nil),
    ("A", "b", nil),
    ("a", "B", "a__B"),
  ]

  @Test("fit into 48 characters of [A-Za-z0-9_-] and begin with the server", arguments: table)
  func form(server: String, name: String, expected: String?) {
    let full = FullName.of(name, server)
    #expect(full.utf8.count <= 48 && !full.isEmpty)
    #expect(
      full.utf8.allSatisfy { "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-".utf8.contains($0) })
    if let expected {
      #expect(full == expected)
      #expect(FullName.name(in: full, of: server) == name)
    } else {
      #expect(full == FullName.hashed(name, server))
    }
  }

  @Test("are never those of another server's name")
  func distinct() {
    var names: [String: String] = [:]
    for server in ["a", "A", "a_", "a__b", "b", "a.b", "a-b", "_a", "a___b"] {
      for name in ["b", "_b", "b__c", "c", "__c", "b_c", ".b", "", "a__b__c"] {
        let full = FullName.of(name, server)
        let source = "\(server) \(name)"
        let folded = full.lowercased()
        #expect(names[folded] == nil, "\(full): \(source) and \(names[folded] ?? "")")
        names[folded] = source
      }
    }
  }

  @Test("do not depend on other servers, and tell apart what differs in case only")
  func stable() throws {
    var alone = Catalog(try CatalogSample.configuration(["b"]))
    let lists = try CatalogSample.lists(
      tools: ["run", "Run", "x.y"], resources: ["file:///a b"], prompts: ["run"])
    alone.set(server: "b", lists)
    var both = Catalog(try CatalogSample.configuration(["a", "b"]))
    both.set(server: "a", lists)
    both.set(server: "b", lists)
    for kind in EntryKind.allCases {
      let one = ExposedNames(alone, kind, .everything, .full)
      let two = ExposedNames(both, kind, .everything, .full)
      for entry in one.entries {
        #expect(one.name(of: entry) == two.name(of: entry))
        #expect(two.entry(named: two.name(of: entry))?.id == entry.id)
      }
    }
    let tools = ExposedNames(both, .capability, .everything, .full)
    let folded = tools.entries.map { tools.name(of: $0).lowercased() }
    #expect(folded.count == 6 && Set(folded).count == folded.count)
    let resources = ExposedNames(both, .resource, .everything, .full)
    #expect(resources.entries.map { resources.name(of: $0) }.contains("warmplane://b/file%3A%2F%2F%2Fa%20b"))
  }

  @Test("of a server that lost its public id are there all the same, and aliases do not matter")
  func lostIDs() throws {
    let configuration = try CatalogSample.configuration(
      ["a", "a.b"], #""capabilityAliases":{"a.Foo":"zzz","a.foo":"aaa"}"#)
    var catalog = Catalog(configuration)
    catalog.set(server: "a", try CatalogSample.lists(tools: ["b.c", "foo", "Foo"]))
    catalog.set(server: "a.b", try CatalogSample.lists(tools: ["c", "d", "c"]))
    let full = ExposedNames(catalog, .capability, .everything, .full)
    #expect(full.entries.map { "\($0.id) \($0.server)" } == ["a.b.c a", "a.b.c a.b", "a.b.d a.b", "aaa a", "zzz a"])
    for entry in full.entries {
      #expect(full.entry(named: full.name(of: entry))?.server == entry.server)
    }
    #expect(full.entry(named: "a__Foo")?.id == "zzz" && full.entry(named: FullName.hashed("foo", "a"))?.id == "aaa")
    let direct = ExposedNames(catalog, .capability, try #require(Scope(.server("a.b"), configuration)), .direct)
    #expect(direct.entries.map { direct.name(of: $0) } == ["c", "d"])
  }

  @Test("compact exposure wraps what is no URI, and has nothing of other scopes")
  func compactURIs() throws {
    let configuration = try CatalogSample.configuration(["a", "b"])
    var catalog = Catalog(configuration)
    catalog.set(server: "a", try CatalogSample.lists(resources: ["x:y", "no uri"]))
    catalog.set(server: "b", try CatalogSample.lists(resources: ["x:y"]))
    let names = ExposedNames(catalog, .resource, .everything, .compact)
    #expect(names.entries.map { names.name(of: $0) } == ["warmplane://a/no%20uri", "x:y", "warmplane://b/x%3Ay"])
    #expect(names.entry(named: "x:y")?.server == "a" && names.entry(named: "b.x:y") == nil)
    let one = ExposedNames(catalog, .resource, try #require(Scope(.server("b"), configuration)), .compact)
    #expect(one.entry(named: "x:y")?.server == "b")
  }

  @Test(
    "URIs that some clients refuse",
    arguments: [
      "", "x", "a b:c", "1a:b", "ä:x", ":x", "x:", "odd://a b/", "odd://a:99999/", "odd://a:x/", "http://", "http:x",
      "odd://a|b/", "http://%zz/", "odd://[x]/", "odd://@/x", "odd://:5/x", "x:y ", "odd://a\\b",
    ])
  func badURIs(text: String) { #expect(!ResourceURI.isWellFormed(text)) }

  @Test(
    "URIs that all take",
    arguments: [
      "x:y", "file:///a b", "urn:isbn:1", "odd:///x", "odd://é/", "x://%zz", "mailto:a", "odd://[::1]:80/", "data:,x y",
      "https://u:p@example.com:443/a?b#c", "warmplane://a%20b/x", "fake://item/{id}",
    ])
  func goodURIs(text: String) { #expect(ResourceURI.isWellFormed(text)) }

  @Test("URIs lead back to server and URI")
  func uris() {
    for (server, uri) in [("a", "file:///x"), ("a/b", "x://ä?q=1#f"), ("é", "%41")] {
      let wrapped = FullName.uri(of: uri, server)
      #expect(FullName.resource(wrapped)?.server == server && FullName.resource(wrapped)?.uri == uri)
    }
    for text in ["file:///x", "warmplane://", "warmplane://a", "warmplane:///x", "warmplane://a/", "warmplane://a/%4"] {
      #expect(FullName.resource(text) == nil, "\(text)")
    }
  }

  @Test("direct exposure has the server's own names, of its scope only")
  func direct() throws {
    let configuration = try CatalogSample.configuration(["a", "b"])
    var catalog = Catalog(configuration)
    catalog.set(server: "a", try CatalogSample.lists(tools: ["t"]))
    catalog.set(server: "b", try CatalogSample.lists(tools: ["t", "u"]))
    let scope = try #require(Scope(.server("b"), configuration))
    let names = ExposedNames(catalog, .capability, scope, .direct)
    #expect(names.entries.map { names.name(of: $0) } == ["t", "u"])
    #expect(names.entry(named: "t")?.id == "b.t" && names.entry(named: "a.t") == nil)
  }
}

@Suite("pages of lists")
struct ListPageTests {
  private static let place = { @Sendable (id: String) in id }

  @Test("hold so many entries, and go on behind the last", arguments: [true, false])
  func entries(isSorted: Bool) throws {
    let sorted = (0..<2500).map { "s.\(String($0 + 10_000))" }
    let ids = isSorted ? sorted : sorted.reversed()
    var seen: [String] = []
    var cursor: JSONSlice?
    var pages = 0
    repeat {
      var page = try #require(ListPage(after: cursor))
      #expect(page.isOf(ids, isSorted: isSorted, at: Self.place))
      for id in page.rest(of: ids, isSorted: isSorted, at: Self.place) {
        guard page.takes(id, size: 10) else { break }
        seen.append(id)
      }
      pages += 1
      cursor = try page.nextCursor.map { try CatalogSample.slice("\"\($0)\"") }
    } while cursor != nil
    #expect(seen == ids && pages == 3)
  }

  @Test("hold so many bytes, but one entry always")
  func bytes() throws {
    var page = try #require(ListPage())
    let first = page.takes("a", size: ListPage.mostBytes + 1)
    let second = page.takes("b", size: 1)
    #expect(first && !second && page.nextCursor == "after:a")
  }

  @Test("refuse what is no cursor", arguments: [#""x""#, "1", "{}", #""""#, #""after:%4""#])
  func bad(text: String) throws { #expect(ListPage(after: try CatalogSample.slice(text)) == nil) }

  @Test("go on by order where the last entry has gone, or not at all")
  func gone() throws {
    let page = try #require(ListPage(after: try CatalogSample.slice(#""after:b""#)))
    #expect(
      page.isOf(["a", "c"], isSorted: true, at: Self.place) && !page.isOf(["a", "c"], isSorted: false, at: Self.place))
    #expect(Array(page.rest(of: ["a", "c"], isSorted: true, at: Self.place)) == ["c"])
    #expect(page.isOf(["c", "b", "a"], isSorted: false, at: Self.place))
    #expect(Array(page.rest(of: ["c", "b", "a"], isSorted: false, at: Self.place)) == ["a"])
  }
}
