import Foundation
import Testing

/// The command line's grammar, help texts and exit code 2.
@Suite struct CLIUsageTests {
  struct Mistake: Sendable, CustomTestStringConvertible {
    let arguments: [String]
    /// Each of these is on standard error.
    let says: [String]
    var testDescription: String { arguments.joined(separator: " ") }

    init(_ arguments: String..., says: String...) {
      self.arguments = arguments
      self.says = says
    }
  }

  @Test(arguments: [
    Mistake("statsu", says: "unknown command \"statsu\"; did you mean \"status\"?", "warmplane <command> [flags]"),
    Mistake("frobnicate", says: "unknown command \"frobnicate\"\n"),
    Mistake("help", "statsu", says: "did you mean \"status\"?"),
    Mistake("status", "--jsno", says: "unknown flag --jsno; did you mean --json?", "warmplane status [flags]"),
    Mistake("status", "-x", says: "unknown flag -x"),
    Mistake("status", "extra", says: "unexpected operand \"extra\""),
    Mistake("status", "--port", "1", says: "\"status\" has no flag --port"),
    Mistake("status", "--json=yes", says: "--json takes no value"),
    Mistake("status", "-c", says: "-c needs a value: -c <PATH>"),
    Mistake("status", "--config", "--json", says: "--config needs a value"),
    Mistake("status", "-c", "a", "--config=b", says: "--config was given twice"),
    Mistake("daemon", "--port", "65536", says: "--port \"65536\": expected a port from 0 to 65535"),
    Mistake("daemon", "-p=-1", says: "expected a port"),
    Mistake("daemon", "-p", "+80", says: "expected a port"),
    Mistake(
      "mcp-http-server", "--bind", "foo", says: "--bind \"foo\": expected an IP address such as 127.0.0.1 or ::1"),
    Mistake("call-capability", says: "missing operand <id>", "warmplane call-capability <id> [flags]"),
    Mistake("restart", says: "missing operand <server>", "warmplane restart <server> [flags]"),
    Mistake("logs", "a", "b", says: "unexpected operand \"b\"", "warmplane logs [server] [flags]"),
    Mistake("read-resource", "x", "--params", "{}", says: "\"read-resource\" has no flag --params"),
    Mistake("reload", "-p", "1", says: "\"reload\" has no flag --port"),
    Mistake("describe-capability", "a", "b", says: "unexpected operand \"b\""),
    Mistake("list-capabilities", "--output", "tabel", says: "expected json, pretty or table; did you mean \"table\"?"),
    Mistake("list-capabilities", "--", "--help", says: "unexpected operand \"--help\""),
    Mistake(
      "auth", "lgin", says: "unknown command \"auth lgin\"; did you mean \"auth login\"?", "warmplane help auth\n"),
    Mistake("auht", "login", says: "unknown command \"auht\"; did you mean \"auth\"?"),
    Mistake("auth", "login", says: "missing operand <server>", "warmplane auth login <server> [flags]"),
    Mistake("auth", "login", "a", "--forc", says: "unknown flag --forc; did you mean --force?"),
    Mistake("auth", "status", "a", "--force", says: "\"auth status\" has no flag --force"),
    Mistake(
      "auth", "exchange", "a", "--code", "c", says: "missing flag --state <STATE>", "warmplane help auth exchange"),
    Mistake("auth", "import", "a", "--expires-at", "1.5", says: "--expires-at \"1.5\": expected a whole number"),
    Mistake("help", "auth", "login", "x", says: "help takes one command, not \"auth login x\""),
  ])
  func mistakesEndWithCode2(_ mistake: Mistake) async throws {
    let result = try await CLIProgram(in: CLIWorkspace()).run(mistake.arguments)
    #expect(result.code == 2)
    #expect(result.output.isEmpty)
    #expect(result.error.hasPrefix("Error: "))
    for text in mistake.says { #expect(result.error.contains(text)) }
  }

  @Test func nothingShowsHelpOnStandardError() async throws {
    let program = CLIProgram(in: CLIWorkspace())
    let result = try await program.run([])
    #expect(result.code == 2)
    #expect(result.output.isEmpty)
    #expect(result.error == (try await program.run(["--help"])).output)
  }

  @Test func aGroupAloneShowsItsHelpOnStandardError() async throws {
    let program = CLIProgram(in: CLIWorkspace())
    let result = try await program.run(["auth"])
    #expect(result.code == 2)
    #expect(result.output.isEmpty)
    #expect(result.error == (try await program.run(["auth", "--help"])).output)
  }

  @Test(arguments: [["--version"], ["-V"], ["status", "--version"]])
  func version(_ arguments: [String]) async throws {
    let result = try await CLIProgram(in: CLIWorkspace()).run(arguments)
    #expect(result.code == 0)
    #expect(result.output == "warmplane 0.1.0\n")
    #expect(result.error.isEmpty)
  }

  @Test(arguments: [
    (["--help"], "warmplane <command> [flags]"), (["help"], "warmplane <command> [flags]"),
    (["help", "status"], "warmplane status [flags]"), (["status", "--help"], "warmplane status [flags]"),
    (["-h", "daemon", "--port", "nonsense"], "warmplane daemon [flags]"),
    (["call-capability", "--help"], "warmplane call-capability <id> [flags]"),
    (["auth", "--help"], "warmplane auth <command> [flags]"), (["help", "auth"], "warmplane auth <command> [flags]"),
    (["help", "auth", "status"], "warmplane auth status [server] [flags]"),
    (
      ["auth", "exchange", "--help"], "warmplane auth exchange <server> --code <CODE> --state <STATE> [flags]"
    ),
  ])
  func helpIsOnStandardOutput(_ arguments: [String], _ usage: String) async throws {
    let result = try await CLIProgram(in: CLIWorkspace()).run(arguments)
    #expect(result.code == 0)
    #expect(result.output.contains("Usage:\n  \(usage)\n"))
    #expect(result.error.isEmpty)
  }

  @Test func helpFits80ColumnsAndNamesEveryCommand() async throws {
    let program = CLIProgram(in: CLIWorkspace())
    let overview = try await program.run(["help"]).output
    let commands = [
      "daemon", "status", "stop", "restart", "reload", "logs", "list-capabilities", "describe-capability",
      "call-capability", "cancel-operation", "list-resources", "read-resource", "list-prompts", "get-prompt",
      "validate-config",
      "auth discover", "auth login", "auth start", "auth exchange", "auth status", "auth refresh", "auth import",
      "auth logout",
    ]
    var texts = [overview, try await program.run(["help", "auth"]).output]
    for command in commands {
      #expect(overview.contains("\n  \(command) "))
      let text = try await program.run(["help"] + command.split(separator: " ").map(String.init)).output
      #expect(text.contains("\nExamples:\n"))
      texts.append(text)
    }
    for line in texts.joined().split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
  }
}
