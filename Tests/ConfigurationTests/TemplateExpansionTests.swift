import Configuration
import Testing

@Suite struct TemplateExpansionTests {
  private let templates = TemplateExpansion { ["A": "1", "EMPTY": "", "T": "{env:A}", "a b": "spaced"][$0] }

  @Test(arguments: [
    ("plain", "plain", "plain"),
    ("", "", ""),
    ("{env:A}", "1", "1"),
    ("${env:A}", "1", "1"),
    ("x{env:A}y${env:A}z{env:A}", "x1y1z1", "x1y1z1"),
    ("$${env:A}", "$1", "$1"),
    ("{env:EMPTY}", "", ""),
    // Not recursive.
    ("{env:T}", "{env:A}", "{env:A}"),
    // Only in values.
    ("${A}", "${A}", "1"),
    ("${A}${A}", "${A}${A}", "11"),
    ("${EMPTY}", "${EMPTY}", ""),
    ("${A:-d}", "${A:-d}", "1"),
    ("${NONE:-d}", "${NONE:-d}", "d"),
    ("${EMPTY:-d}", "${EMPTY:-d}", "d"),
    ("${NONE:-}", "${NONE:-}", ""),
    ("${NONE:-a:-b}", "${NONE:-a:-b}", "a:-b"),
    ("${a b}", "${a b}", "spaced"),
    // No forms at all.
    ("{A} $A { env:A} {ENV:A} $", "{A} $A { env:A} {ENV:A} $", "{A} $A { env:A} {ENV:A} $"),
    ("é{env:A}😀", "é1😀", "é1😀"),
  ])
  func expands(_ text: String, _ commandLine: String, _ value: String) throws {
    #expect(try templates.expand(text, as: .commandLine, field: "f") == commandLine)
    #expect(try templates.expand(text, as: .value, field: "f") == value)
  }

  @Test(arguments: [
    ("{env:NONE}", TemplateFailure.Reason.unset("NONE"), true),
    ("${env:NONE}", .unset("NONE"), true),
    ("{env:}", .emptyName, true),
    ("${env: }", .emptyName, true),
    ("{env:A", .unterminated, true),
    ("{env:A}{env:", .unterminated, true),
    ("${NONE}", .unset("NONE"), false),
    ("${}", .emptyName, false),
    ("${:-d}", .emptyName, false),
    ("${A", .unterminated, false),
    // The env form has no default.
    ("${env:A:-d}", .unset("A:-d"), true),
  ])
  func fails(_ text: String, _ reason: TemplateFailure.Reason, _ inCommandLineToo: Bool) throws {
    #expect(throws: TemplateFailure(field: "f", reason: reason)) {
      try templates.expand(text, as: .value, field: "f")
    }
    if inCommandLineToo {
      #expect(throws: TemplateFailure(field: "f", reason: reason)) {
        try templates.expand(text, as: .commandLine, field: "f")
      }
    } else {
      #expect(try templates.expand(text, as: .commandLine, field: "f") == text)
    }
  }

  @Test func theResultIsBounded() {
    let long = String(repeating: "x", count: 100_000)
    #expect(throws: TemplateFailure(field: "f", reason: .tooLong)) {
      try TemplateExpansion { _ in long }.expand("{env:A}{env:A}", as: .value, field: "f")
    }
  }

  @Test func messagesNameTheVariableAndWhoseEnvironmentCounts() {
    #expect(
      TemplateFailure(field: "env.KEY", reason: .unset("TOKEN")).description
        == "env.KEY: the variable \"TOKEN\" is not set (the environment of the daemon counts, not the caller's)")
  }

  @Test func aStdioEntryIsExpandedFieldByField() throws {
    var entry = StdioEntry(command: "bin{env:A}")
    entry.args = ["${A}", "${env:A}"]
    entry.env = [NamedValue("V", "${A}-${NONE:-d}")]
    entry.cwd = "/${A}"
    var expected = StdioEntry(command: "bin1")
    expected.args = ["${A}", "1"]
    expected.env = [NamedValue("V", "1-d")]
    expected.cwd = "/1"
    let expanded = try ServerEntry(id: "s", transport: .stdio(entry)).expanded(with: templates)
    #expect(expanded.transport == .stdio(expected))
  }

  @Test func anHTTPEntryIsExpandedExceptItsAuth() throws {
    var entry = HTTPEntry(url: "https://{env:A}.example/${A}")
    entry.headers = [NamedValue("X", "${A}")]
    entry.caFile = "${A}/{env:A}.pem"
    entry.auth = .bearer(token: .text("${A}"))
    var expected = entry
    expected.url = "https://1.example/1"
    expected.headers = [NamedValue("X", "1")]
    expected.caFile = "1/1.pem"
    let expanded = try ServerEntry(id: "s", transport: .http(entry)).expanded(with: templates)
    #expect(expanded.transport == .http(expected))
  }

  @Test(
    arguments: [
      ("args[0]", "c", ["a\0b"], nil, nil),
      ("env.", "c", [], NamedValue("", "v"), nil),
      ("env.A=B", "c", [], NamedValue("A=B", "v"), nil),
      ("env.A", "c", [], NamedValue("A", "\0"), nil),
      ("command", "{env:EMPTY} ", [], nil, nil),
      ("cwd", "c", [], nil, "${NONE}"),
    ] as [(String, String, [String], NamedValue?, String?)])
  func whatCannotBeStartedIsRefused(
    _ field: String, _ command: String, _ args: [String], _ variable: NamedValue?, _ cwd: String?
  ) {
    var entry = StdioEntry(command: command)
    entry.args = args
    entry.env = variable.map { [$0] } ?? []
    entry.cwd = cwd
    let failure = #expect(throws: TemplateFailure.self) {
      try ServerEntry(id: "s", transport: .stdio(entry)).expanded(with: templates)
    }
    #expect(failure?.field == field)
  }

  @Test(arguments: [("", "v"), ("A B", "v"), ("A:", "v"), ("A", "v\r\nB: w"), ("A", "\u{7F}")])
  func whatCannotBeAHeaderIsRefused(_ name: String, _ value: String) {
    var entry = HTTPEntry(url: "http://u")
    entry.headers = [NamedValue(name, value)]
    let failure = #expect(throws: TemplateFailure.self) {
      try ServerEntry(id: "s", transport: .http(entry)).expanded(with: templates)
    }
    #expect(failure?.field == "headers.\(name)")
  }

  @Test(arguments: [
    ("u", "this is no absolute http or https URL"), ("ftp://h/", "this is no absolute http or https URL"),
    ("https://", "this is no absolute http or https URL"), ("http://h/a b", "this is no absolute http or https URL"),
    ("http://h/\0", "this is no absolute http or https URL"), ("${EMPTY}", "this is no absolute http or https URL"),
    (
      "https://user:hunter2@h/",
      "a URL with a user name cannot be used; give it in auth, with type \"basic\""
    ),
  ])
  func whatIsNoURLIsRefusedAndNotRepeated(_ url: String, _ detail: String) {
    let failure = #expect(throws: TemplateFailure.self) {
      try ServerEntry(id: "s", transport: .http(HTTPEntry(url: url))).expanded(with: templates)
    }
    #expect(failure?.description == "url: \(detail)")
  }

  @Test func aBlankAuthorityFileIsRefused() {
    var entry = HTTPEntry(url: "http://h")
    entry.caFile = "${EMPTY} "
    let failure = #expect(throws: TemplateFailure.self) {
      try ServerEntry(id: "s", transport: .http(entry)).expanded(with: templates)
    }
    #expect(failure?.field == "caFile")
  }
}
