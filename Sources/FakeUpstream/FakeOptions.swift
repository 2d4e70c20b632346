/// How this process misbehaves. Without flags it is a good legacy server.
struct FakeOptions {
  enum Era: String { case legacy, modern, dual }
  enum ProbeReaction: String { case error, exit, silent, garbage }
  enum InitializeReaction: Equatable {
    case answer, silent, exit, error
    /// Answers after so many milliseconds.
    case late(Int)
  }

  // Handshake.
  var era = Era.legacy
  var version: String?
  var onProbe = ProbeReaction.error
  var isDeafAfterProbe = false
  var onInitialize = InitializeReaction.answer

  // Life and death.
  var exitAtStart: Int32?
  var slowStart = 0
  var hangAfter: Int?
  var stopReadingAfter: Int?
  var exitAfterCalls: Int?
  var dieOnCall: String?
  var ignoresTerm = false
  var ignoresEOF = false
  var escapeFile: String?
  var journalFile: String?

  // Output.
  var garbageLines = 0
  var stderrBytes = 0
  var beginsWithBOM = false
  var endsWithCRLF = false

  // Lists.
  var pages = 1
  var perPage = 10
  var hasCursorLoop = false
  var hasEmptyCursor = false
  var listErrors: Set<String> = []
  var longDescription = 0
  var extraTools: [String] = []
  var resources = 0
  var templates: [String] = []
  var lateMethods: [String: Int] = [:]
  var prompts = 0
  var takesSubscriptions = false
  var refusesSubscriptions = false
  var takesLevels = false
  var completes = false
  var withoutCapabilities: Set<String> = []

  /// A command line that makes no sense; the sentence says which part.
  struct Failure: Error {
    let message: String
  }

  init(parsing arguments: [String]) throws(Failure) {
    var rest = arguments[...]
    while let name = rest.popFirst() {
      guard let flag = FakeFlag.all.first(where: { $0.name == name }) else {
        throw Failure(message: "unknown flag \(name) (see --help)")
      }
      var value = ""
      if flag.value != nil {
        guard let given = rest.popFirst() else { throw Failure(message: "\(name) needs a value") }
        value = given
      }
      guard flag.apply(&self, value) else { throw Failure(message: "\(name): bad value \"\(value)\"") }
    }
  }
}
