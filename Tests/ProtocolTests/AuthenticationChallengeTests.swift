import Protocol
import Testing

/// `WWW-Authenticate` as servers write it, well and badly.
struct AuthenticationChallengeTests {
  struct Row: Sendable {
    var fields: [String]
    /// One line per challenge: `scheme` or `scheme:token68` or `scheme name=value|name=value`.
    var expected: [String]

    init(_ fields: String..., is expected: [String]) {
      self.fields = fields
      self.expected = expected
    }
  }

  @Test(arguments: [
    Row("Bearer", is: ["bearer"]),
    Row("BEARER realm=\"a\"", is: ["bearer realm=a"]),
    Row("Bearer realm=\"a, b\", error=\"invalid_token\"", is: ["bearer realm=a, b|error=invalid_token"]),
    Row(
      "Bearer scope=\"a b\",resource_metadata=\"https://h/x?y=1,2\"",
      is: ["bearer scope=a b|resource_metadata=https://h/x?y=1,2"]),
    Row(
      "Bearer resource_metadata=https://h/.well-known/x, error=invalid_token",
      is: ["bearer resource_metadata=https://h/.well-known/x|error=invalid_token"]),
    Row("Bearer resource_metadata=https://h/x?a=b&c=d", is: ["bearer resource_metadata=https://h/x?a=b&c=d"]),
    Row(
      "Basic realm=\"x\", Bearer scope=\"a\", DPoP algs=\"ES256 PS256\"",
      is: ["basic realm=x", "bearer scope=a", "dpop algs=ES256 PS256"]),
    Row("Basic realm=\"x\"", "Bearer Scope=\"a\"", is: ["basic realm=x", "bearer scope=a"]),
    Row("Bearer a=1", "b=2", is: ["bearer a=1|b=2"]),
    Row("Negotiate", is: ["negotiate"]),
    Row("Negotiate, Bearer a=\"1\"", is: ["negotiate", "bearer a=1"]),
    Row("Negotiate YWJj==, Bearer a=\"1\"", is: ["negotiate:YWJj==", "bearer a=1"]),
    Row("Bearer a = \"1\" , b\t=\t2", is: ["bearer a=1|b=2"]),
    Row("Bearer a=\"x\\\"y\\\\z\"", is: ["bearer a=x\"y\\z"]),
    Row(", ,Bearer,, a=\"1\",,", is: ["bearer a=1"]),
    Row("Bearer a=\"1\", a=\"2\"", is: ["bearer a=1|a=2"]),
    Row(
      "Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", Basic realm=\"simple\"",
      is: ["newauth realm=apps|type=1|title=Login to \"apps\"", "basic realm=simple"]),
    Row("Bearer realm=\"Basic realm=\\\"x\\\", Digest\"", is: ["bearer realm=Basic realm=\"x\", Digest"]),
    // Malformed, and what is left of it.
    Row("", is: []),
    Row("a=\"1\"", is: []),
    Row("\"quoted, text\", Bearer a=1", is: ["bearer a=1"]),
    Row("@@@, Bearer a=1", is: ["bearer a=1"]),
    Row("Bearer/x a=1, Basic realm=\"y\"", is: ["basic realm=y"]),
    Row("Bearer a=\"open", "Basic realm=\"x\"", is: ["bearer a=open", "basic realm=x"]),
    Row("Bearer a= , b=2", is: ["bearer:a="]),
    Row("Bearer x=\"\", a=, b=2", is: ["bearer x=|a=|b=2"]),
    Row("Bearer abc def", is: ["bearer", "abc:def"]),
    Row("Bearer abc, a=1", is: ["bearer:abc"]),
  ])
  func parses(_ row: Row) {
    #expect(AuthenticationChallenge.parse(row.fields).map(Self.line) == row.expected)
  }

  @Test func isBounded() {
    let many = String(repeating: "A b=1,", count: 10_000)
    #expect(AuthenticationChallenge.parse([many]).count == AuthenticationChallenge.most)
    let parameters = "A " + (0..<1000).map { "p\($0)=1" }.joined(separator: ",")
    #expect(AuthenticationChallenge.parse([parameters]).map(\.parameters.count) == [AuthenticationChallenge.most])
    let long = "A b=\"\(String(repeating: "x", count: AuthenticationChallenge.longest))\", B"
    #expect(AuthenticationChallenge.parse([long, "C"]).map(\.scheme) == ["a"])
  }

  @Test func firstParameterCounts() {
    let challenge = AuthenticationChallenge.parse(["Bearer scope=\"a\", scope=\"b\""])[0]
    #expect(challenge["scope"] == "a")
    #expect(challenge["Scope"] == nil)
  }

  private static func line(_ challenge: AuthenticationChallenge) -> String {
    if let token = challenge.token68 { return "\(challenge.scheme):\(token)" }
    let parameters = challenge.parameters.map { "\($0.name)=\($0.value)" }.joined(separator: "|")
    return parameters.isEmpty ? challenge.scheme : "\(challenge.scheme) \(parameters)"
  }
}
