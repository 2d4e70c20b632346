import Configuration
import Testing

@testable import Front

@Suite("policy")
struct PolicyTests {
  struct Row: CustomTestStringConvertible {
    let allow: [String]
    let deny: [String]
    let id: String
    let isAllowed: Bool

    init(_ id: String, allow: [String] = [], deny: [String] = [], _ isAllowed: Bool) {
      self.allow = allow
      self.deny = deny
      self.id = id
      self.isAllowed = isAllowed
    }

    var testDescription: String { "\(id) allow \(allow) deny \(deny)" }
  }

  @Test(
    "deny wins, an empty allow is everything, patterns are exact, a prefix, or *",
    arguments: [
      Row("a.b", true), Row("", true),
      Row("a.b", allow: ["*"], true), Row("", allow: ["*"], true),
      Row("a.b", allow: ["a.b"], true), Row("a.bc", allow: ["a.b"], false), Row("a.", allow: ["a.b"], false),
      Row("a.b", allow: ["a.*"], true), Row("a.", allow: ["a.*"], true), Row("a", allow: ["a.*"], false),
      Row("ab.c", allow: ["a.*"], false), Row("b.a.c", allow: ["a.*"], false),
      Row("a.b", allow: ["x", "a.b"], true),
      Row("a.b", deny: ["a.b"], false), Row("a.bc", deny: ["a.b"], true), Row("a.bc", deny: ["a.b*"], false),
      Row("a.b", deny: ["*"], false), Row("a.b", allow: ["a.b"], deny: ["*"], false),
      Row("a.b", allow: ["a.b"], deny: ["a.b"], false), Row("a.b", allow: ["a.*"], deny: ["a.c"], true),
      // Case counts.
      Row("A.b", allow: ["a.b"], false), Row("a.B", deny: ["a.b"], true), Row("A.b", allow: ["a*"], false),
      // Any other star is literal.
      Row("a.b", allow: ["*.b"], false), Row("*.b", allow: ["*.b"], true), Row("axb", deny: ["a*b"], true),
      Row("a*b", deny: ["a*b"], false), Row("a*", allow: ["a**"], true), Row("ab", allow: ["a**"], false),
      Row("a*bc", allow: ["a*b*"], true), Row("axbc", allow: ["a*b*"], false),
      // No pattern is a regular expression.
      Row("axb", deny: ["a.b"], true), Row("a", deny: ["a?"], true), Row("b", deny: ["[ab]"], true),
      // An empty pattern is the empty id.
      Row("a", deny: [""], true), Row("", deny: [""], false),
      // Bytes, not characters.
      Row("e\u{301}", deny: ["\u{e9}"], true), Row("\u{e9}x", deny: ["\u{e9}*"], false),
      Row("e\u{301}", allow: ["e*"], true),
    ])
  func table(row: Row) {
    var settings = PolicySettings()
    settings.allow = row.allow
    settings.deny = row.deny
    #expect(Policy(settings).allows(row.id) == row.isAllowed)
  }
}
