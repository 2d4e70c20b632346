import Protocol

/// `URITemplate`: the first line is a template, the rest a URI. Matching costs what is allowed and not much more, and a
/// template that matches with little work matches with more.
struct URITemplateFuzzTarget: FuzzTarget {
  static let name = "uri-template"

  static let tokens: [[UInt8]] =
    [
      "{a}", "{+a}", "{#a}", "{.a}", "{/a,b}", "{;a}", "{?a,b}", "{&a}", "{a*}", "{a:3}", "\n", "?a=", "&b=", ";a",
      "://",
    ]
    .map { Array($0.utf8) }

  func run(_ input: [UInt8], random: inout some RandomNumberGenerator) throws {
    let (text, uri) = Self.parts(input)
    guard let template = URITemplate(text) else { return }
    var (little, much) = (2000, 100_000_000)
    let isFast = template.matches(uri, work: &little)
    let matches = template.matches(uri, work: &much)
    try require(!isFast || matches, "more work finds less")
    try require(much > 0, "more work than parts times bytes: \(100_000_000 - much)")
    // The smallest step that cannot be divided: one literal, or all names at one place.
    try require(little > -2 * URITemplate.longest, "goes on without work: \(little)")
    let isLiteral = !text.utf8.contains(UInt8(ascii: "{"))
    if isLiteral { try require(matches == (Array(text.utf8) == uri), "a literal is not itself") }
  }

  func signature(of input: [UInt8]) -> UInt64 {
    let (text, uri) = Self.parts(input)
    guard let template = URITemplate(text) else { return 1 }
    var work = 100_000_000
    let expressions = text.utf8.reduce(into: UInt64(0)) { if $1 == UInt8(ascii: "{") { $0 += 1 } }
    return 2 + min(expressions, 7) << 2 + (template.matches(uri, work: &work) ? 2 : 0)
  }

  private static func parts(_ input: [UInt8]) -> (String, [UInt8]) {
    let end = input.firstIndex(of: UInt8(ascii: "\n")) ?? input.endIndex
    return (String(decoding: input[..<end], as: UTF8.self), Array(input[end...].dropFirst()))
  }
}
