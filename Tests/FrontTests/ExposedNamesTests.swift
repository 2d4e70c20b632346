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
    for server in ["a", "a_", "a__b", "b", "a.b", "a-b", "_a", "a___b"] {
      for name in ["b", "_b", "b__c", "c", "__c", "b_c", ".b", "", "a__b__c"] {
        let full = FullName.of(name, server)
        let source = "\(server) \(name)"
        #expect(names[full] == nil, "\(full): \(source) and \(names[full] ?? "")")
        names[full] = source
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
      for entry in alone.sorted(kind) {
        #expect(one.name(of: entry.id) == two.name(of: entry.id))
        #expect(two.id(of: two.name(of: entry.id)) == entry.id)
      }
    }
    let tools = ExposedNames(both, .capability, .everything, .full)
    let folded = both.sorted(.capability).map { tools.name(of: $0.id).lowercased() }
    #expect(Set(folded).count == folded.count)
    #expect(
      ExposedNames(both, .resource, .everything, .full).name(of: "b.file:///a b")
        == "warmplane://b/file%3A%2F%2F%2Fa%20b")
  }

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
    #expect(names.name(of: "b.t") == "t" && names.id(of: "t") == "b.t" && names.id(of: "a.t") == nil)
  }
}

@Suite("pages of lists")
struct ListPageTests {
  @Test("hold so many entries, and go on behind the last", arguments: [true, false])
  func entries(isSorted: Bool) throws {
    let sorted = (0..<2500).map { "s.\(String($0 + 10_000))" }
    let ids = isSorted ? sorted : sorted.reversed()
    var seen: [String] = []
    var cursor: JSONSlice?
    var pages = 0
    repeat {
      var page = ListPage(after: cursor)
      for id in page.rest(of: ids, isSorted: isSorted, id: { $0 }) {
        guard page.takes(id, size: 10) else { break }
        seen.append(id)
      }
      pages += 1
      cursor = try page.nextCursor.map { try CatalogSample.slice("\"\($0)\"") }
    } while cursor != nil
    #expect(seen == ids && pages == 3)
  }

  @Test("hold so many bytes, but one entry always")
  func bytes() {
    var page = ListPage()
    let first = page.takes("a", size: ListPage.mostBytes + 1)
    let second = page.takes("b", size: 1)
    #expect(first && !second && page.nextCursor == "after:a")
  }

  @Test("refuse what is no cursor", arguments: [#""x""#, "1", "{}", #""""#, #""after:%4""#])
  func bad(text: String) throws { #expect(ListPage.start(after: try CatalogSample.slice(text)) == nil) }
}
