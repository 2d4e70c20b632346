import Protocol
import Testing

struct HTTPURLTests {
  @Test(arguments: [
    // Text, description, target.
    ("http://example.com", "http://example.com", "/"),
    ("HTTP://EXAMPLE.com/", "http://example.com/", "/"),
    ("https://example.com:443/a", "https://example.com/a", "/a"),
    ("https://example.com:80/a", "https://example.com:80/a", "/a"),
    ("http://example.com:/a", "http://example.com/a", "/a"),
    ("http://example.com:00080/a", "http://example.com/a", "/a"),
    ("https://example.com?q=1", "https://example.com?q=1", "/?q=1"),
    ("https://example.com/?", "https://example.com/?", "/?"),
    ("https://example.com/a/../b//c?d?e#f?g", "https://example.com/a/../b//c?d?e", "/a/../b//c?d?e"),
    ("https://example.com/#", "https://example.com/", "/"),
    ("http://example.com./", "http://example.com./", "/"),
    ("http://a_b-c.example/%2F%2f", "http://a_b-c.example/%2F%2f", "/%2F%2f"),
    ("http://127.0.0.1:8080/mcp", "http://127.0.0.1:8080/mcp", "/mcp"),
    ("http://[::1]:8080/mcp", "http://[::1]:8080/mcp", "/mcp"),
    ("http://[0:0:0:0:0:0:0:1]/", "http://[::1]/", "/"),
    ("https://[2001:DB8:0:0:1:0:0:1]:443/", "https://[2001:db8::1:0:0:1]/", "/"),
    ("https://1e100.net/", "https://1e100.net/", "/"),
    (
      "https://example.com/a;b=c,d'e(f)!*$&+=:@~[x]", "https://example.com/a;b=c,d'e(f)!*$&+=:@~[x]",
      "/a;b=c,d'e(f)!*$&+=:@~[x]"
    ),
  ])
  func splits(_ text: String, _ description: String, _ target: String) throws {
    let url = try #require(HTTPURL(text))
    #expect(url.description == description)
    #expect(url.target == target)
    #expect(HTTPURL(url.description) == url)
  }

  @Test(arguments: [
    "", "http", "http:", "http:/", "http://", "http:///", "http:example.com", "//example.com", "/path", "example.com",
    "ftp://example.com/", "httpx://example.com/", "file:///etc/passwd", "javascript:alert(1)", "http ://example.com/",
    " http://example.com/", "http://example.com/ ", "http://example.com/a b", "http://example.com/\t",
    "http://example.com/\n",
    "http://example.com/\r\nHost: evil", "http://example.com/\0", "http://exa\u{7f}mple.com/", "http://exämple.com/",
    "http://example.com/ä", "http://example.com\\evil/", "http://example.com/a\\b", "http:\\\\example.com/",
    "http://user@example.com/", "http://user:password@example.com/", "http://example.com@evil.com/",
    "http://@example.com/",
    "http://example.com:80:80/", "http://example.com:0/", "http://example.com:65536/", "http://example.com:-1/",
    "http://example.com:+80/", "http://example.com:8o/", "http://example.com:080080/", "http://:80/",
    "http://exa%6dple.com/", "http://example.com/%", "http://example.com/%2", "http://example.com/%zz",
    "http://example.com/?%", "http://example.com/<", "http://example.com/\"", "http://example.com/^",
    "http://example.com/`",
    "http://example.com/{a}", "http://example.com/|", "http://a..b/", "http://.a/", "http://./", "http://a../",
    "http://[::1/", "http://::1/", "http://[::1]x/", "http://[]/", "http://[1.2.3.4]/",
    "http://[::1%eth0]/",
    "http://[::1%25eth0]/", "http://[v1.x]/", "http://[1:2]/", "http://[1:2:3:4:5:6:7:8:9]/", "http://[:::]/",
    "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/", "http://127.0.0.0x1/",
    "http://0177.0.0.1/", "http://127.0.0.1./", "http://1.2.3.4.5/", "http://256.1.1.1/", "http://a.1/",
    "http://a.0XF/",
    "http://\(String(repeating: "a", count: 64)).com/", "http://example.com/\(String(repeating: "a", count: 8192))",
    "http://\(String(repeating: "a.", count: 127))com/",
  ])
  func refuses(_ text: String) { #expect(HTTPURL(text) == nil) }

  /// RFC 3986 section 5.4, with its base URL; other schemes are no URL here, and fragments are dropped.
  @Test(arguments: [
    ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"), ("/g", "http://a/g"),
    ("//g", "http://g"),
    ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"), ("#s", "http://a/b/c/d;p?q"), ("g#s", "http://a/b/c/g"),
    ("g?y#s", "http://a/b/c/g?y"), (";x", "http://a/b/c/;x"), ("g;x", "http://a/b/c/g;x"),
    ("g;x?y#s", "http://a/b/c/g;x?y"),
    ("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"), ("./", "http://a/b/c/"), ("..", "http://a/b/"),
    ("../", "http://a/b/"),
    ("../g", "http://a/b/g"), ("../..", "http://a/"), ("../../", "http://a/"), ("../../g", "http://a/g"),
    ("../../../g", "http://a/g"), ("../../../../g", "http://a/g"), ("/./g", "http://a/g"), ("/../g", "http://a/g"),
    ("g.", "http://a/b/c/g."), (".g", "http://a/b/c/.g"), ("g..", "http://a/b/c/g.."), ("..g", "http://a/b/c/..g"),
    ("./../g", "http://a/b/g"), ("./g/.", "http://a/b/c/g/"), ("g/./h", "http://a/b/c/g/h"),
    ("g/../h", "http://a/b/c/h"),
    ("g;x=1/./y", "http://a/b/c/g;x=1/y"), ("g;x=1/../y", "http://a/b/c/y"), ("g?y/./x", "http://a/b/c/g?y/./x"),
    ("g?y/../x", "http://a/b/c/g?y/../x"), ("g#s/./x", "http://a/b/c/g"), ("g#s/../x", "http://a/b/c/g"),
    ("./a:b", "http://a/b/c/a:b"), ("?", "http://a/b/c/d;p?"), ("https://b/x", "https://b/x"),
    ("HTTP://B/x", "http://b/x"),
    ("g?a:b", "http://a/b/c/g?a:b"), ("/", "http://a/"),
  ])
  func resolves(_ reference: String, _ expected: String) throws {
    let base = try #require(HTTPURL("http://a/b/c/d;p?q"))
    #expect(base.resolving(reference)?.description == expected)
  }

  @Test(arguments: [
    "g:h", "http:g", "https:/x", "javascript:x", "mailto:a@b", "//", "///x", "//u@h/", "/a b", "/a\\b", "\\\\evil",
    "/\n", "/ä", "/%g",
    "//h:99999/", " /x", "data:,x", "/\(String(repeating: "a", count: 8192))",
  ])
  func refusesReferences(_ reference: String) throws {
    #expect(try #require(HTTPURL("http://a/b/c/d;p?q")).resolving(reference) == nil)
  }

  @Test func comparesOrigins() throws {
    func origin(_ text: String) -> HTTPURL.Origin? { HTTPURL(text)?.origin }
    #expect(origin("http://a/x") == origin("HTTP://A:80/y?z"))
    #expect(origin("http://[::1]/") == origin("http://[0::0:1]/"))
    for other in ["https://a/", "http://a:81/", "http://b/", "http://a./"] {
      #expect(origin("http://a/") != origin(other))
    }
  }

  @Test func tellsAPathFromNone() throws {
    #expect(HTTPURL("http://a") != HTTPURL("http://a/"))
    #expect(HTTPURL("http://a")?.with(path: "/x", query: "q").description == "http://a/x?q")
  }

  @Test(arguments: [
    ("localhost", true), ("LOCALHOST:80", true), ("127.0.0.1", true), ("127.255.0.9:1", true), ("[::1]", true),
    ("[::ffff:127.0.0.1]", true), ("128.0.0.1", false), ("localhost.", false), ("localhost.example", false),
    ("a.localhost", false), ("127.0.0.1.example", false), ("[::2]", false), ("[::ffff:10.0.0.1]", false),
    ("[::]", false),
    ("0.0.0.0", false),
  ])
  func knowsLoopback(_ host: String, _ expected: Bool) throws {
    #expect(try #require(HTTPURL("http://\(host)/")).origin.isLoopback == expected)
  }
}
