/// One flag of the command line: how it is written, what `--help` says, what it sets.
struct FakeFlag: Sendable {
  let name: String
  /// The placeholder of its value; nil for a flag without one.
  let value: String?
  let help: String
  /// Stores the value; false when it is not acceptable.
  let apply: @Sendable (inout FakeOptions, String) -> Bool

  static var help: String {
    let width = all.map { $0.usage.count }.max() ?? 0
    let lines = all.map { "  " + $0.usage + String(repeating: " ", count: width - $0.usage.count + 2) + $0.help }
    let opening =
      "usage: warmplane-fake-upstream [flags]\nAn MCP server on stdin and stdout that misbehaves on command."
    return opening + "\n\n" + lines.joined(separator: "\n")
  }

  static let all: [FakeFlag] = handshake + life + output + lists

  private var usage: String { value.map { "\(name) \($0)" } ?? name }

  // MARK: Kinds of flags

  private init(
    _ name: String, _ value: String?, _ help: String, apply: @escaping @Sendable (inout FakeOptions, String) -> Bool
  ) {
    self.name = name
    self.value = value
    self.help = help
    self.apply = apply
  }

  /// A number that is not negative.
  private static func count(
    _ name: String, _ value: String, _ help: String, _ set: @escaping @Sendable (inout FakeOptions, Int) -> Void
  ) -> FakeFlag {
    FakeFlag(name, value, help) { options, text in
      guard let number = Int(text), number >= 0 else { return false }
      set(&options, number)
      return true
    }
  }

  private static func text(
    _ name: String, _ value: String, _ help: String, _ set: @escaping @Sendable (inout FakeOptions, String) -> Void
  ) -> FakeFlag {
    FakeFlag(name, value, help) { options, text in
      set(&options, text)
      return true
    }
  }

  private static func toggle(
    _ name: String, _ help: String, _ set: @escaping @Sendable (inout FakeOptions) -> Void
  ) -> FakeFlag {
    FakeFlag(name, nil, help) { options, _ in
      set(&options)
      return true
    }
  }

  private static func names(_ text: String) -> [String] {
    text.split(separator: ",").map(String.init)
  }

  // MARK: The flags

  private static let handshake: [FakeFlag] = [
    FakeFlag("--era", "legacy|modern|dual", "which eras it speaks (default legacy)") { options, text in
      guard let era = FakeOptions.Era(rawValue: text) else { return false }
      options.era = era
      return true
    },
    text("--version", "V", "the only legacy version it speaks: what initialize answers whatever was asked") {
      $0.version = $1
    },
    FakeFlag(
      "--on-probe", "error|exit|silent|garbage",
      "legacy, before initialize: -32601 (default), exit 1 at any unknown request, no answer, a nonsense answer"
    ) { options, text in
      guard let reaction = FakeOptions.ProbeReaction(rawValue: text) else { return false }
      options.onProbe = reaction
      return true
    },
    toggle("--deaf-after-probe", "after server/discover before initialize: never answers anything again") {
      $0.isDeafAfterProbe = true
    },
    FakeFlag(
      "--on-initialize", "answer|silent|exit|error|late:MS",
      "error: -32602 naming --version if it was not asked for, else -32603; exit: 1; late: answers after MS"
    ) { options, text in
      switch text {
      case "answer": options.onInitialize = .answer
      case "silent": options.onInitialize = .silent
      case "exit": options.onInitialize = .exit
      case "error": options.onInitialize = .error
      default:
        guard text.hasPrefix("late:"), let delay = Int(text.dropFirst(5)), delay >= 0 else { return false }
        options.onInitialize = .late(delay)
      }
      return true
    },
  ]

  private static let life: [FakeFlag] = [
    count("--exit-at-start", "CODE", "says so on stderr and exits with CODE before it reads") {
      $0.exitAtStart = Int32(clamping: $1)
    },
    count("--slow-start", "MS", "sleeps before it reads anything") { $0.slowStart = $1 },
    count("--hang-after", "N", "reads but never answers after N requests; 0: from the first that is no opening or list")
    {
      $0.hangAfter = $1
    },
    count("--stop-reading-after", "N", "stops reading stdin after N requests") { $0.stopReadingAfter = $1 },
    count("--exit-after-calls", "N", "exits with 0 after N calls of tools, without waiting for sleeping ones") {
      $0.exitAfterCalls = $1
    },
    text("--die-on-call", "NAME", "SIGKILLs itself when the tool NAME is called") { $0.dieOnCall = $1 },
    toggle("--ignore-term", "ignores SIGTERM") { $0.ignoresTerm = true },
    toggle("--ignore-eof", "does not exit when stdin ends") { $0.ignoresEOF = true },
    text("--escape", "FILE", "starts a process in a session of its own that ignores SIGTERM; its pid goes to FILE") {
      $0.escapeFile = $1
    },
    text("--journal", "FILE", "appends: start PID, recv LINE, cancelled ID, eof, term, exit") { $0.journalFile = $1 },
  ]

  private static let output: [FakeFlag] = [
    count("--garbage", "N", "writes N lines that are no messages at the start and before each message") {
      $0.garbageLines = $1
    },
    count("--flood-stderr", "BYTES", "writes BYTES to stderr at the start and at each request") { $0.stderrBytes = $1 },
    toggle("--bom", "begins its output with a byte order mark") { $0.beginsWithBOM = true },
    toggle("--crlf", "ends lines with CR LF") { $0.endsWithCRLF = true },
  ]

  private static let lists: [FakeFlag] = [
    count("--pages", "N", "pages of tools/list: its own tools on the first, tools page<P>_<I> on the others") {
      $0.pages = max(1, $1)
    },
    count("--per-page", "M", "tools on the second and later pages (default 10)") { $0.perPage = $1 },
    toggle("--cursor-loop", "tools/list always names a next cursor: the last page leads to the first") {
      $0.hasCursorLoop = true
    },
    toggle("--empty-cursor", "the cursor of the second page of tools/list is the empty string") {
      $0.hasEmptyCursor = true
    },
    text("--list-error", "METHOD", "answers METHOD with -32603; may be repeated") { $0.listErrors.insert($1) },
    count("--long-line", "BYTES", "the first answer to tools/list has a description of BYTES") {
      $0.longDescription = $1
    },
    text("--tools", "A,B,C", "more tools, which do what echo does") { $0.extraTools = names($1) },
    count("--resources", "N", "resources fake://resource/1 to N (default 0, then without the capability)") {
      $0.resources = $1
    },
    text("--template", "T", "a resource template; URIs that begin like it can be read; may be repeated") {
      $0.templates.append($1)
    },
    FakeFlag("--late-method", "METHOD:MS", "answers METHOD after MS; may be repeated") { options, text in
      let parts = text.split(separator: ":")
      guard parts.count == 2, let delay = Int(parts[1]), delay >= 0 else { return false }
      options.lateMethods[String(parts[0])] = delay
      return true
    },
    count("--prompts", "N", "prompts prompt_1 to N (default 0, then without the capability)") { $0.prompts = $1 },
    toggle("--subscribe", "resources can be subscribed; see the tool touch") { $0.takesSubscriptions = true },
    toggle("--refuse-subscribe", "resources/subscribe fails, though it is announced") {
      $0.refusesSubscriptions = true
    },
    toggle("--logging", "takes logging/setLevel; see the tool log") { $0.takesLevels = true },
    toggle("--completions", "completes every argument to its value and \"-1\" or \"-2\"") { $0.completes = true },
    text("--no-capabilities", "A,B", "capabilities neither advertised nor served: tools, resources, prompts") {
      $0.withoutCapabilities = Set(names($1))
    },
  ]
}
