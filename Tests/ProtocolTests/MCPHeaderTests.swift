import Protocol
import Testing

/// What of a request stands in headers, too (2026-07-28).
@Suite("MCP headers")
struct MCPHeaderTests {
  // MARK: HeaderText

  @Test(
    arguments: [
      ("search", "search"), ("a b", "a b"), ("", ""), ("~!#", "~!#"), ("us-west1", "us-west1"),
      (" a", "=?base64?IGE=?="), ("a ", "=?base64?YSA=?="), ("Zürich", "=?base64?WsO8cmljaA==?="),
      ("日本", "=?base64?5pel5pys?="), ("a\r\nX: y", "=?base64?YQ0KWDogeQ==?="), ("\u{7f}", "=?base64?fw==?="),
      ("\t", "=?base64?CQ==?="), ("=?base64?YQ==?=", "=?base64?PT9iYXNlNjQ/WVE9PT89?="),
      ("=?base64?", "=?base64?"), ("=?BASE64?YQ==?=", "=?BASE64?YQ==?="),
    ])
  func headerTexts(text: String, header: String) { #expect(HeaderText.encode(text) == header) }

  // MARK: ParameterSchema

  private static func schema(_ properties: String, _ more: String = "") -> JSONSlice {
    .trusted(#"{"type":"object","properties":{\#(properties)}\#(more)}"#)
  }

  @Test func annotatedArgumentsBecomeHeaders() throws {
    let schema = try ParameterSchema(
      Self.schema(
        #"""
        "region":{"type":"string","x-mcp-header":"Region"},"n":{"type":"integer","x-mcp-header":"N"},"plain":{"type":"string"},
        "deep":{"type":"object","properties":{"flag":{"type":"boolean","x-mcp-header":"Flag"}}}
        """#))
    func headers(_ arguments: String) -> [String] {
      schema.headers(for: .trusted(arguments)).map { "\($0.name)=\($0.value)" }.sorted()
    }
    #expect(
      headers(#"{"region":"Z\u00fcrich","n":42,"plain":"x","deep":{"flag":true}}"#)
        == ["Flag=true", "N=42", "Region=Zürich"])
    #expect(headers(#"{"region":null,"deep":{}}"#) == [])
    #expect(headers(#"{"n":42.0}"#) == ["N=42"] && headers(#"{"n":-4.2e1}"#) == ["N=-42"])
    #expect(headers(#"{"n":9007199254740993}"#) == ["N=9007199254740993"])
    #expect(headers(#"{"n":[1],"region":{},"deep":{"flag":false}}"#) == ["Flag=false"])
    #expect(schema.headers(for: nil).isEmpty && schema.headers(for: .trusted("[]")).isEmpty)
  }

  @Test(
    arguments: [
      (schema(#""a":{"type":"number","x-mcp-header":"A"}"#), "not on a string, integer or boolean"),
      (schema(#""a":{"type":["string"],"x-mcp-header":"A"}"#), "not on a string"),
      (schema(#""a":{"x-mcp-header":"A"}"#), "not on a string"),
      (schema(#""a":{"type":"string","x-mcp-header":""}"#), "no header name"),
      (schema(#""a":{"type":"string","x-mcp-header":"a b"}"#), "no header name"),
      (schema(#""a":{"type":"string","x-mcp-header":"a\r\nB: c"}"#), "no header name"),
      (schema(#""a":{"type":"string","x-mcp-header":7}"#), "no header name"),
      (schema(#""a":{"type":"string","\u0078-mcp-header":""}"#), "no header name"),
      (
        schema(#""a":{"type":"string","x-mcp-header":"X"},"b":{"type":"string","x-mcp-header":"x"}"#), "occurs twice"
      ),
      (schema("", #","x-mcp-header":"A""#), "where no property"),
      (schema(#""a":{"type":"array","items":{"type":"string","x-mcp-header":"A"}}"#), "where no property"),
      (schema("", #","$defs":{"d":{"type":"string","x-mcp-header":"A"}}"#), "where no property"),
      (schema("", #","anyOf":[{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}]"#), "where no property"),
      (schema(#""a":{"not":{"x-mcp-header":"A"}}"#), "where no property"),
    ] as [(JSONSlice, String)])
  func aBadAnnotationSpoilsTheTool(schema: JSONSlice, reason: String) {
    let error = #expect(throws: ParameterSchema.Invalid.self) { try ParameterSchema(schema) }
    #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "none")")
  }

  @Test(arguments: [
    schema(#""a":{"type":"object","default":{"x-mcp-header":1},"const":{"x-mcp-header":1}}"#),
    schema(#""a":{"enum":[{"x-mcp-header":1}],"examples":[{"x-mcp-header":1}]}"#),
    schema(#""a":{"$ref":"https://example.com/x-mcp-header"}"#), schema(#""x-mcp-header":{"type":"string"}"#),
    .trusted("true"), .trusted("null"), .trusted("[]"),
  ])
  func dataIsNoSchema(schema: JSONSlice) throws {
    #expect(try ParameterSchema(schema).parameters.isEmpty)
  }

  // MARK: The other way

  @Test(
    arguments: [
      ("search", "search"), ("", ""), ("a b", "a b"), ("=?base64?WsO8cmljaA==?=", "Zürich"), ("=?base64??=", ""),
      ("=?base64?PT9iYXNlNjQ/WVE9PT89?=", "=?base64?YQ==?="), ("=?BASE64?YQ==?=", "=?BASE64?YQ==?="),
      ("=?base64?", "=?base64?"), ("=?base64?=", "=?base64?="), ("=?base64?YQ==", "=?base64?YQ=="),
      ("=?base64?YQ?=", nil), ("=?base64?YQ=?=", nil), ("=?base64?YR==?=", nil), ("=?base64?Y Q==?=", nil),
      ("=?base64?_w==?=", nil), ("=?base64?/w==?=", nil), ("=?base64?!?=", nil),
    ] as [(String, String?)])
  func headerTextsAreRead(header: String, text: String?) { #expect(HeaderText.decode(header) == text) }

  private static let sample = schema(
    #"""
    "region":{"type":"string","x-mcp-header":"Region"},"n":{"type":"integer","x-mcp-header":"N"},
    "deep":{"type":"object","properties":{"flag":{"type":"boolean","x-mcp-header":"Flag"}}}
    """#)

  @Test(
    arguments: [
      (#"{"region":"eu"}"#, ["Region=eu"], nil), (#"{"region":"eu"}"#, ["REGION=eu", "Other=1", "Other=2"], nil),
      (#"{"region":"Zürich"}"#, ["Region==?base64?WsO8cmljaA==?="], nil), (#"{"region":""}"#, ["region="], nil),
      (#"{"n":42.0,"deep":{"flag":true}}"#, ["N=42", "Flag=true"], nil), (#"{"n":42}"#, ["N=42.0"], nil),
      (#"{"n":42}"#, ["N=4.2e1"], nil), (#"{"region":null}"#, [], nil), ("{}", [], nil),
      (#"{"region":"eu"}"#, ["Region=EU"], "contradicts"), (#"{"region":"eu"}"#, [], "missing"),
      (#"{"region":"42"}"#, ["Region=42.0"], "contradicts"), (#"{"n":42}"#, ["N=43"], "contradicts"),
      (#"{"n":42}"#, ["N=x"], "contradicts"), (#"{"n":42}"#, [#"N="42""#], "contradicts"),
      (#"{"deep":{"flag":true}}"#, ["Flag=True"], "contradicts"), (#"{"region":[1]}"#, ["Region=[1]"], "contradicts"),
      ("{}", ["Region=eu"], "argument is not"), (#"{"region":null}"#, ["Region="], "argument is not"),
      (#"{"region":"eu"}"#, ["Region=eu", "region=eu"], "more than once"),
      (#"{"region":"eu"}"#, ["Region==?base64?ZXU?="], "encoded"),
    ] as [(String, [String], String?)])
  func headersMustSayWhatArgumentsSay(arguments: String, headers: [String], problem: String?) throws {
    let schema = try ParameterSchema(Self.sample)
    let fields = headers.map { line in
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return ParameterHeader(name: String(parts[0]), value: String(parts[1]))
    }
    let found = schema.contradiction(of: fields, to: .trusted(arguments))
    if let problem { #expect(found?.contains(problem) == true, "\(found ?? "none")") } else { #expect(found == nil) }
  }
}
