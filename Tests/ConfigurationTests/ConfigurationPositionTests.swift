import Configuration
import Protocol
import Testing

@Suite struct ConfigurationPositionTests {
  @Test func severalMistakesAreReportedTogetherInTheOrderOfTheFile() {
    let text = """
      {
        "mcpServers": {
          "b": { "command": "x", "url": "y" },
          "a": { "url": "u",
                 "auth": { "type": "bearer" },
                 "tymeout": 5 }
        },
        "toolTimeoutMs": "soon",
        "port": 70000
      }
      """
    let expected = [
      #"3:10: error: /mcpServers/b: server "b": both command and url are given, which is ambiguous; configure exactly one"#,
      #"5:20: error: /mcpServers/a/auth: server "a": auth type "bearer" needs token or tokenEnv; configure exactly one"#,
      #"6:12: warning: /mcpServers/a/tymeout: server "a": unknown key "tymeout"; did you mean "timeout"?"#,
      "8:20: error: /toolTimeoutMs: failed to parse config JSON: expected an integer >= 0, found a string",
      "9:11: error: /port: failed to parse config JSON: expected an integer 0..65535, found 70000",
    ]
    #expect(findings(in: text) == expected)
    #expect(findings(in: text) == expected, "two runs are identical")
  }

  @Test func linesEndWithAnyLineBreakAndColumnsCountCharacters() {
    let text = "{\r\n\"mcpServers\": {},\r\n\r\"a\u{308}\u{1F600}é\": 1, \"x\": 2}"
    #expect(
      findings(in: text) == [
        "4:1: warning: /a\u{308}\u{1F600}é: unknown key \"a\u{308}\u{1F600}é\"",
        "4:12: warning: /x: unknown key \"x\"",
      ])
  }

  @Test func repeatedNamesAreErrorsEverywhere() {
    let text = """
      {"port": 1,
       "mcpServers": {
         "s": {"command": "a",
               "env": {"A": "1", "B": "2", "A": "3"},
               "command": "b"},
         "\\u0073": {"command": "c"}
       },
       "x": [{"y": 1, "y": 2}],
       "port": 2}
      """
    #expect(
      findings(in: text) == [
        #"4:38: error: /mcpServers/s/env/A: server "s": the name "A" is repeated in this object; it is first given on line 4"#,
        #"5:10: error: /mcpServers/s/command: server "s": the name "command" is repeated in this object; it is first given on line 3"#,
        #"6:4: error: /mcpServers/s: server "s": the name "s" is repeated in this object; it is first given on line 3"#,
        #"8:2: warning: /x: unknown key "x""#,
        #"8:17: error: /x/0/y: the name "y" is repeated in this object; it is first given on line 8"#,
        #"9:2: error: /port: the name "port" is repeated in this object; it is first given on line 1"#,
      ])
  }

  @Test func textFromTheFileCannotBreakALineOrATerminal() {
    #expect(
      findings(in: #"{"a\n\u001b[2J":1,"mcpServers":{}}"#) == [
        #"1:2: warning: /a\u{a}\u{1b}[2J: unknown key "a\u{a}\u{1b}[2J""#
      ])
  }

  @Test func deepNestingIsRefused() {
    let text = #"{"x":"# + String(repeating: "[", count: 100) + String(repeating: "]", count: 100) + "}"
    #expect(findings(in: text) == ["1:69: error: failed to parse config JSON: nested too deeply"])
  }

  @Test func aTextOverTheLimitIsRefused() {
    let text = #"{"mcpServers":{}}"# + String(repeating: " ", count: 4 << 20)
    #expect(findings(in: text).count == 1)
    #expect(findings(in: text).first?.hasSuffix("failed to parse config JSON: text too long") == true)
  }

  @Test func thousandsOfProblemsAreAllReported() {
    let members = (0..<2_000).map { "\"k\($0)\":0,\"k\($0)\":0" }.joined(separator: ",")
    #expect(findings(in: "{\(members),\"mcpServers\":{}}").count == 4_000)
  }

  @Test func problemsAsJSON() throws {
    var writer = JSONWriter()
    ConfigurationProblem(pointer: "/a", line: 1, column: 2, severity: .warning, message: "m").write(to: &writer)
    #expect(
      String(decoding: writer.finish(), as: UTF8.self)
        == #"{"pointer":"/a","line":1,"column":2,"severity":"warning","message":"m"}"#)
    writer = JSONWriter()
    ConfigurationProblem(pointer: "", line: nil, column: nil, severity: .error, message: "m").write(to: &writer)
    #expect(
      String(decoding: writer.finish(), as: UTF8.self)
        == #"{"pointer":"","line":null,"column":null,"severity":"error","message":"m"}"#)
  }
}
