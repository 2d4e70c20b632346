import Protocol
import Testing

/// Matching URIs with templates (RFC 6570 backwards).
@Suite("URI templates")
struct URITemplateTests {
  private static func matches(_ template: String, _ uri: String, work: Int = 1_000_000) -> Bool? {
    var work = work
    return URITemplate(template).map { $0.matches(Array(uri.utf8), work: &work) }
  }

  @Test(
    "what matches, and what does not",
    arguments: [
      ("x://a", ["x://a"], ["x://", "x://ab", "X://a", ""]),
      ("", [""], ["a"]),
      (
        "x://{id}", ["x://1", "x://a%20b", "x://é b", "x://a:b@c!"], ["x://", "x://a/b", "x://a?b", "x://a#b", "y://1"]
      ),
      ("x://{id}/data", ["x://1/data"], ["x:///data", "x://1/2/data", "x://1/data/", "x://1/dat"]),
      ("x://{a}-{b}", ["x://1-2", "x://--3", "x://1-2-3"], ["x://1-", "x://-2", "x://12"]),
      ("x://{a}{b}", ["x://12"], ["x://1"]),
      ("x://{a,b}", ["x://1,2", "x://1"], ["x://1/2"]),
      ("file:///{+path}", ["file:///a", "file:///a/b?c#d"], ["file:///", "file://a"]),
      ("file:///{path*}", ["file:///a/b.txt"], ["file:///"]),
      ("file://{/a,b}", ["file://", "file:///1", "file:///1/2", "file:///1/"], ["file:///1/2/3", "file://1"]),
      ("file://{/all*}", ["file://", "file:///1/2/3"], ["file:///1?2"]),
      ("x://host{.a,b}", ["x://host", "x://host.tar", "x://host.tar.gz"], ["x://hosttar", "x://host.a/b"]),
      ("x://p{#part}", ["x://p", "x://p#", "x://p#a/b?c"], ["x://pa"]),
      (
        "x://s{?q,page}", ["x://s", "x://s?q=1", "x://s?page=2&q=", "x://s?q=a/b%26", "x://s?q"],
        ["x://s?", "x://s?z=1", "x://s?q=1&z=2", "x://sq=1", "x://s?q=1#f", "x://s&q=1", "x://s?qq=1"]
      ),
      ("x://s?a=1{&q}", ["x://s?a=1", "x://s?a=1&q=2"], ["x://s?a=1?q=2", "x://s?a=2&q=2"]),
      ("x://s{?any*}", ["x://s?z=1&y=2"], ["x://s?=1"]),
      ("x://p{;v,w}", ["x://p", "x://p;v", "x://p;v=1;w=2"], ["x://p;z=1", "x://p;v=1/2"]),
      ("x://{v:3}", ["x://abc"], ["x://a/b"]),
      ("x://{?q}-end", ["x://?q=1-end", "x://-end"], ["x://?q=1"]),
      ("x://{q}{?q}{#f}", ["x://1?q=2#3", "x://1", "x://1#3"], ["x://?q=2"]),
      ("{+all}", ["x", "x://y"], [""]),
    ] as [(String, [String], [String])])
  func table(template: String, accepted: [String], refused: [String]) {
    for uri in accepted { #expect(Self.matches(template, uri) == true, "\(template) must match \(uri)") }
    for uri in refused { #expect(Self.matches(template, uri) == false, "\(template) must not match \(uri)") }
  }

  @Test(
    "what is no template",
    arguments: [
      "{", "}", "x{", "x}", "{}", "{+}", "{a", "a}b", "{a{b}}", "{{a}}", "{a,}", "{,a}", "{a b}", "{=a}", "{!a}",
      "{@a}",
      "{|a}", "{*}", "{:3}", String(repeating: "x", count: URITemplate.longest + 1),
      String(repeating: "{a}", count: 65), "{/" + String(repeating: "a,", count: 65) + "a}",
    ])
  func invalid(text: String) { #expect(URITemplate(text) == nil, "\(text.prefix(40))") }

  @Test("what a template expands to matches it")
  func expansions() throws {
    var random = SystemRandomNumberGenerator()
    let bytes = ["a", "Z", "0", "-", ".", "_", "~", "%2F", "%C3%A9", "/", "?", "#", "&", ";", "="]
    func word(_ alphabet: ArraySlice<String>) -> String {
      (0..<Int.random(in: 1...4, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "" }.joined()
    }
    for _ in 0..<2000 {
      var (template, uri) = ("x://", "x://")
      for _ in 0..<Int.random(in: 1...5, using: &random) {
        // Values of unreserved characters, which every operator leaves alone.
        let (plain, more) = (word(bytes[..<9]), word(bytes[..<9]))
        let isThere = Bool.random(using: &random)
        let (piece, expansion): (String, String) =
          switch Int.random(in: 0..<9, using: &random) {
          case 0: ("lit/", "lit/")
          case 1: ("{v}", plain)
          case 2: ("{v,w}", "\(plain),\(more)")
          case 3:
            ("{+v}", word(bytes[...]))
          case 4: ("{#v}", isThere ? "#\(word(bytes[...]))" : "")
          case 5: ("{.v,w}", isThere ? ".\(plain).\(more)" : "")
          case 6: ("{/v,w}", isThere ? "/\(plain)/\(more)" : "/\(plain)")
          case 7: ("{?v,w}", isThere ? "?v=\(plain)&w=\(more)" : "")
          default: ("{;v,w}", isThere ? ";v=\(plain);w" : "")
          }
        template += piece
        uri += expansion
      }
      #expect(Self.matches(template, uri) == true, "\(template) \(uri)")
    }
  }

  @Test("hostile templates and URIs cost no more than allowed, and what is too long matches nothing")
  func bounded() throws {
    let long = String(repeating: "a", count: URITemplate.longest)
    let hostile = [
      String(repeating: "{a}", count: 63) + "b", String(repeating: "{+a}", count: 63) + "b",
      String(repeating: "{?a}", count: 60) + "b", "{+x}" + String(repeating: "a", count: 8000) + "b",
    ]
    for template in hostile {
      let template = try #require(URITemplate(template))
      for uri in [long, String(repeating: "?a=", count: 2700), String(repeating: "?", count: 8192)] {
        var work = 1_000_000
        #expect(!template.matches(Array(uri.utf8), work: &work))
        #expect(work > -300_000, "it must stop soon after the limit: \(work)")
      }
    }
    #expect(Self.matches("{+a}", long) == true)
    #expect(Self.matches("{+a}", long + "a") == false)
    #expect(Self.matches("{+a}", long, work: 100) == false)
  }
}
