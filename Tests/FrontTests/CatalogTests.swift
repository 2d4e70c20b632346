import Configuration
import Protocol
import Supervisor
import Testing

@testable import Front

/// Merging servers' lists into one catalog (contract §4.1).
@Suite("catalog")
struct CatalogTests {
  private static func owners(_ catalog: Catalog, _ kind: EntryKind) -> [String] {
    catalog.sorted(kind).map { "\($0.id)@\($0.server)" }
  }

  @Test("lists are in byte order, whatever the order of servers and entries")
  func order() throws {
    var catalog = Catalog(try CatalogSample.configuration(["zeta", "alpha", "Beta"]))
    catalog.set(server: "alpha", try CatalogSample.lists(tools: ["b", "é", "a", "Z", "z"]))
    catalog.set(server: "zeta", try CatalogSample.lists(tools: ["one"]))
    catalog.set(server: "Beta", try CatalogSample.lists(tools: ["two"]))
    let ids = catalog.sorted(.capability).map(\.id)
    #expect(ids == ["Beta.two", "alpha.Z", "alpha.a", "alpha.b", "alpha.z", "alpha.é", "zeta.one"])
  }

  @Test("capabilities, resources and prompts have separate namespaces")
  func namespaces() throws {
    var catalog = Catalog(
      try CatalogSample.configuration(
        ["s"],
        #""capabilityAliases": {"s.x": "t"}, "resourceAliases": {"s.x": "r"}, "promptAliases": {"s.x": "p"}"#))
    catalog.set(server: "s", try CatalogSample.lists(tools: ["x", "y"], resources: ["x", "y"], prompts: ["x", "y"]))
    #expect(Self.owners(catalog, .capability) == ["s.y@s", "t@s"])
    #expect(Self.owners(catalog, .resource) == ["r@s", "s.y@s"])
    #expect(Self.owners(catalog, .prompt) == ["p@s", "s.y@s"])
    #expect(catalog.omissions.isEmpty)
    // An alias replaces the id.
    for kind in EntryKind.allCases { #expect(catalog.entry(kind, "s.x") == nil) }
    #expect(catalog.entry(.resource, "r")?.upstreamName.string == "x")
  }

  @Test("of two entries with one id the first in configuration order keeps it, whoever lists first")
  func duplicatesAcrossServers() throws {
    for isFirstSetFirst in [true, false] {
      var catalog = Catalog(
        try CatalogSample.configuration(
          ["x", "x.y"], #""promptAliases": {"x.q": "same", "x.y.q2": "other"}"#))
      let first = try CatalogSample.lists(tools: ["y.a", "b"], resources: ["y.u"], prompts: ["y.p"])
      let second = try CatalogSample.lists(tools: ["a", "c"], resources: ["u"], prompts: ["p"])
      if isFirstSetFirst { catalog.set(server: "x", first) }
      catalog.set(server: "x.y", second)
      if !isFirstSetFirst { catalog.set(server: "x", first) }
      #expect(Self.owners(catalog, .capability) == ["x.b@x", "x.y.a@x", "x.y.c@x.y"])
      #expect(Self.owners(catalog, .resource) == ["x.y.u@x"])
      #expect(Self.owners(catalog, .prompt) == ["x.y.p@x"])
      #expect(
        catalog.omissions == [
          Omission(server: "x.y", id: "x.y.a", keptBy: "x"), Omission(server: "x.y", id: "x.y.u", keptBy: "x"),
          Omission(server: "x.y", id: "x.y.p", keptBy: "x"),
        ])
    }
  }

  @Test("within one server the first entry keeps the id, and the sentence says that it is listed twice")
  func duplicatesWithinOneServer() throws {
    var catalog = Catalog(try CatalogSample.configuration(["x", "y"]))
    let lists = ServerCatalog(
      try CatalogSample.slice(
        #"{"tools":[{"name":"a","description":"1"},{"name":"b"},{"name":"a","description":"2"},{"name":"a"}]}"#))
    catalog.set(server: "x", lists)
    #expect(Self.owners(catalog, .capability) == ["x.a@x", "x.b@x"])
    #expect(catalog.entry(.capability, "x.a")?.item.member("description")?.string == "1")
    #expect(catalog.omissions == Array(repeating: Omission(server: "x", id: "x.a", keptBy: "x"), count: 2))
    #expect(
      catalog.omissions.first?.sentence(namesKeeper: false) == #""x.a" is listed more than once, the first counts"#)
    let omission = Omission(server: "y", id: "i", keptBy: "x")
    #expect(omission.sentence(namesKeeper: true) == #""i" is omitted, server "x" has that id"#)
    #expect(omission.sentence(namesKeeper: false) == #""i" is omitted, another server has that id"#)
  }

  @Test("an alias that collides with a source id is a duplicate like any other")
  func aliasCollision() throws {
    let members = #""capabilityAliases": {"late.a": "early.b", "late.c": "late.d"}"#
    var catalog = Catalog(try CatalogSample.configuration(["early", "late"], members))
    catalog.set(server: "early", try CatalogSample.lists(tools: ["b"]))
    catalog.set(server: "late", try CatalogSample.lists(tools: ["a", "c", "d"]))
    #expect(Self.owners(catalog, .capability) == ["early.b@early", "late.d@late"])
    #expect(catalog.entry(.capability, "late.d")?.upstreamName.string == "c")
    #expect(catalog.omissions.map(\.id) == ["early.b", "late.d"])
  }

  @Test("entries without a name are left out")
  func nameless() throws {
    var catalog = Catalog(try CatalogSample.configuration(["s"]))
    catalog.set(
      server: "s",
      ServerCatalog(
        try CatalogSample.slice(
          #"{"tools":[{},{"name":1},{"name":null},7,{"name":""},{"name":"ok"}],"resources":[{"name":"n"}],"prompts":{}}"#
        )))
    #expect(catalog.sorted(.capability).map(\.id) == ["s.", "s.ok"])
    #expect(catalog.sorted(.resource).isEmpty && catalog.sorted(.prompt).isEmpty)
    #expect(catalog.isListed("s"))
  }

  @Test("a server's new list replaces its old one, and frees ids")
  func replaced() throws {
    var catalog = Catalog(try CatalogSample.configuration(["x", "x.y"]))
    catalog.set(server: "x", try CatalogSample.lists(tools: ["y.a"]))
    catalog.set(server: "x.y", try CatalogSample.lists(tools: ["a"]))
    #expect(Self.owners(catalog, .capability) == ["x.y.a@x"])
    catalog.set(server: "x", try CatalogSample.lists(tools: ["n"]))
    #expect(Self.owners(catalog, .capability) == ["x.n@x", "x.y.a@x.y"])
    #expect(catalog.omissions.isEmpty)
  }

  @Test("a new configuration changes order and aliases, and forgets servers that are gone or changed")
  func configure() throws {
    var catalog = Catalog(try CatalogSample.configuration(["x", "x.y", "gone", "changed"]))
    catalog.set(server: "x", try CatalogSample.lists(tools: ["y.a", "t"], resources: ["r"]))
    catalog.set(server: "x.y", try CatalogSample.lists(tools: ["a"]))
    for server in ["gone", "changed"] {
      catalog.set(server: server, try CatalogSample.lists(tools: ["t"], prompts: ["p"]))
    }
    #expect(Self.owners(catalog, .capability) == ["changed.t@changed", "gone.t@gone", "x.t@x", "x.y.a@x"])
    let next = try CatalogSample.configuration(
      ["x.y", "new", "changed", "x"], #""capabilityAliases": {"x.t": "T"}, "resourceAliases": {"x.r": "R"}"#)
    catalog.configure(next, forgetting: ["gone", "changed"])
    #expect(Self.owners(catalog, .capability) == ["T@x", "x.y.a@x.y"])
    #expect(Self.owners(catalog, .resource) == ["R@x"])
    #expect(catalog.sorted(.prompt).isEmpty)
    #expect(catalog.omissions == [Omission(server: "x", id: "x.y.a", keptBy: "x.y")])
    #expect(["x", "x.y", "new", "changed", "gone"].map(catalog.isListed) == [true, true, false, false, false])
    #expect(catalog.unlistedOwners(of: "changed.t", .capability) == ["changed"])
    #expect(catalog.unlistedOwners(of: "gone.t", .capability).isEmpty)
  }

  @Test("an unknown id may belong to servers that were never listed, and to no others")
  func unlistedOwners() throws {
    let members = #""capabilityAliases": {"a.b.tool": "alias"}, "promptAliases": {"c.p": "alias"}"#
    var catalog = Catalog(try CatalogSample.configuration(["a", "a.b", "c"], members))
    #expect(catalog.unlistedOwners(of: "a.b.tool", .capability) == ["a", "a.b"])
    #expect(catalog.unlistedOwners(of: "a.x", .capability) == ["a"])
    #expect(catalog.unlistedOwners(of: "alias", .capability) == ["a", "a.b"])
    #expect(catalog.unlistedOwners(of: "alias", .prompt) == ["c"])
    #expect(catalog.unlistedOwners(of: "alias", .resource).isEmpty)
    for id in ["a", "ab.x", "", ".", "A.x"] { #expect(catalog.unlistedOwners(of: id, .capability).isEmpty, "\(id)") }
    catalog.set(server: "a", try CatalogSample.lists())
    #expect(catalog.unlistedOwners(of: "a.b.tool", .capability) == ["a.b"])
  }

  @Test("an alias of a URI that no list names belongs to its server, if that has resources")
  func aliasedResource() throws {
    let members =
      #""resourceAliases": {"has.u://a \"b\"": "A", "none.u://b": "B", "late.u://c": "C", "has.u://1": "D"}"#
    var catalog = Catalog(try CatalogSample.configuration(["has", "none", "late"], members))
    catalog.set(server: "has", try CatalogSample.lists(resources: ["u://1"]))
    catalog.set(server: "none", try CatalogSample.lists(tools: ["t"]))
    let found = catalog.forwardedResource("A")
    #expect(found?.server == "has")
    #expect(found?.uri.string == #"u://a "b""#)
    for id in ["B", "C", "E", "has.u://a"] { #expect(catalog.forwardedResource(id) == nil, "\(id)") }
  }

  @Test("a URI that no list names belongs to the first server with a template for it")
  func templates() throws {
    let members = #""resourceAliases": {"b.u://secret": "S", "a.u://gone": "G"}"#
    var catalog = Catalog(try CatalogSample.configuration(["a.b", "b", "a", "late"], members))
    catalog.set(server: "a", try CatalogSample.lists(resources: ["u://listed"], templates: ["u://{x}", "}"]))
    catalog.set(server: "b", try CatalogSample.lists(templates: ["u://{x}", "v://{+x}"]))
    catalog.set(server: "a.b", try CatalogSample.lists(templates: ["w://{x}"]))
    func owner(_ id: String) -> String? {
      catalog.forwardedResource(id).map { "\($0.server) \($0.uri.string ?? "?")" }
    }
    #expect(owner("a.u://1") == "a u://1")
    #expect(owner("b.v://1/2?3") == "b v://1/2?3")
    #expect(owner("a.b.w://1") == "a.b w://1")
    // A server's URIs are its own; an alias replaces the source id, and reaches what only a template has.
    #expect(owner("a.v://1") == nil && owner("late.u://1") == nil && owner("u://1") == nil && owner("b.u://1/2") == nil)
    #expect(owner("b.u://secret") == nil && owner("S") == "b u://secret" && owner("G") == "a u://gone")
    #expect(catalog.templatedID(of: "u://1") == "b.u://1")
    #expect(catalog.templatedID(of: "u://1", where: { $1 != "b" }) == "a.u://1")
    #expect(catalog.templatedID(of: "u://secret") == "S")
    #expect(catalog.templatedID(of: "w://1") == "a.b.w://1")
    #expect(catalog.templatedID(of: "x://1") == nil)
    catalog.configure(try CatalogSample.configuration(["a", "b"]), forgetting: ["b"])
    #expect(owner("b.v://1") == nil && catalog.templatedID(of: "u://1") == "a.u://1")
    catalog.set(server: "a", try CatalogSample.lists())
    #expect(catalog.templatedID(of: "u://1") == nil)
  }

  @Test("a list that was kept before templates were read has none")
  func keptWithoutTemplates() throws {
    let kept = try CatalogSample.slice(
      #"{"hash":"h","tools":[],"resources":[{"uri":"u"}],"prompts":[],"listErrors":[]}"#)
    #expect(ServerCatalog(kept).resourceTemplates.isEmpty)
    #expect(ServerCatalog(kept).resources.count == 1)
  }

  @Test("a list that failed in a new session leaves what was known of it, and is kept so")
  func failedLists() throws {
    var catalog = Catalog(try CatalogSample.configuration(["a", "b"]))
    catalog.set(server: "a", try CatalogSample.lists(tools: ["t1", "t2"], resources: ["u"], templates: ["v://{x}"]))
    let broken = try CatalogSample.slice(
      #"{"hash":"n","tools":[{"name":"t3"}],"resources":[],"prompts":[{"name":"p"}],"resourceTemplates":[],"#
        + #""listErrors":["tools/list failed"],"incomplete":["tools","resourceTemplates"]}"#)
    let lists = catalog.set(server: "a", ServerCatalog(broken))
    // What broke off with less than before does not count; what is complete does, empty or not.
    #expect(catalog.sorted(.capability).map(\.id) == ["a.t1", "a.t2"])
    #expect(catalog.sorted(.resource).isEmpty && catalog.sorted(.prompt).map(\.id) == ["a.p"])
    #expect(catalog.forwardedResource("a.v://1") != nil)
    #expect(lists.problems == ["tools/list failed"] && lists.hash != "n" && lists.hash != "h")
    // The next daemon begins with these.
    let raw = try CatalogSample.slice(String(decoding: lists.raw.bytes, as: UTF8.self))
    #expect(ServerCatalog(raw).tools.count == 2 && ServerCatalog(raw).hash == lists.hash)
    #expect(ServerCatalog(raw).resourceTemplates.count == 1)
    // More than before counts although it is incomplete, and the first listing counts whatever it is.
    let longer = try CatalogSample.slice(#"{"tools":[{"name":"1"},{"name":"2"},{"name":"3"}],"incomplete":["tools"]}"#)
    #expect(catalog.set(server: "a", ServerCatalog(longer)).tools.count == 3)
    #expect(catalog.set(server: "b", ServerCatalog(broken)).hash == "n")
    // Another entry is another server.
    catalog.configure(try CatalogSample.configuration(["a", "b"]), forgetting: ["a"])
    #expect(catalog.set(server: "a", ServerCatalog(broken)).tools.count == 1)
  }
}
