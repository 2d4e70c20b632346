/// The commands that use the servers.
extension ArgumentTable {
  private static let facadeFlags: [Flag] = [.output, .profile, .facadePort, .noStart]

  static let listCapabilities = Command(
    name: "list-capabilities", group: "Tools", summary: "List the tools of all servers",
    details: "Prints id and summary of every tool, and how each server is.",
    flags: facadeFlags + [.noWait],
    examples: [
      .init(line: "warmplane list-capabilities --output table", note: "as columns"),
      .init(line: "warmplane list-capabilities | jq -r '.capabilities[].id'", note: "the ids only"),
    ],
    run: FacadeCommand.listCapabilities)

  static let describeCapability = Command(
    name: "describe-capability", group: "Tools", summary: "Show one tool with its arguments",
    details: "Prints the description and the JSON Schema of the arguments of one tool.",
    operands: [.init(name: "id", help: "An id of list-capabilities")], flags: facadeFlags,
    examples: [.init(line: "warmplane describe-capability git.git_log", note: "which arguments does it take?")],
    run: FacadeCommand.describeCapability)

  static let callCapability = Command(
    name: "call-capability", group: "Tools", summary: "Call a tool",
    details: """
      Calls a tool and prints the answer, an envelope {ok, request_id, trace_id, data, error}. The exit code is 1 when \
      ok is false. Ctrl-C cancels the call. When the daemon goes away meanwhile, the answer comes from the next one.
      """,
    operands: [.init(name: "id", help: "An id of list-capabilities")],
    flags: [.parameters, .requestID, .idempotencyKey] + facadeFlags,
    examples: [
      .init(
        line: "warmplane call-capability time.get_current_time --params '{\"timezone\":\"UTC\"}'",
        note: "arguments on the command line"),
      .init(line: "warmplane call-capability db.query --params @query.json", note: "from a file"),
      .init(
        line: "warmplane call-capability mail.send --params @m.json --idempotency-key mail-7",
        note: "safe to repeat until it succeeds"),
      .init(line: "jq -n '{sql: \"SELECT 1\"}' | warmplane call-capability db.query --params -", note: "from a pipe"),
    ],
    run: FacadeCommand.callCapability)

  static let listResources = Command(
    name: "list-resources", group: "Resources", summary: "List the resources of all servers",
    details: "Prints id, name and type of every resource, and how each server is.",
    flags: facadeFlags + [.noWait],
    examples: [.init(line: "warmplane list-resources --output table", note: "as columns")],
    run: FacadeCommand.listResources)

  static let readResource = Command(
    name: "read-resource", group: "Resources", summary: "Read a resource",
    details: """
      Reads a resource and prints the answer, an envelope {ok, request_id, trace_id, data, error}. The exit code is 1 \
      when ok is false. Ctrl-C cancels the reading.
      """,
    operands: [.init(name: "id", help: "An id of list-resources")], flags: [.requestID, .idempotencyKey] + facadeFlags,
    examples: [
      .init(line: "warmplane read-resource notes.file:///todo.md", note: "the whole answer"),
      .init(line: "warmplane read-resource notes.file:///todo.md | jq -r '.data.contents[].text'", note: "the text"),
    ],
    run: FacadeCommand.readResource)

  static let listPrompts = Command(
    name: "list-prompts", group: "Prompts", summary: "List the prompts of all servers",
    details: "Prints id, description and arguments of every prompt, and how each server is.",
    flags: facadeFlags + [.noWait],
    examples: [.init(line: "warmplane list-prompts --output table", note: "as columns")],
    run: FacadeCommand.listPrompts)

  static let getPrompt = Command(
    name: "get-prompt", group: "Prompts", summary: "Fill in a prompt",
    details: """
      Gets the messages of a prompt and prints the answer, an envelope {ok, request_id, trace_id, data, error}. The exit \
      code is 1 when ok is false.
      """,
    operands: [.init(name: "id", help: "An id of list-prompts")],
    flags: [.promptArguments, .requestID, .idempotencyKey] + facadeFlags,
    examples: [
      .init(line: "warmplane get-prompt docs.code_review -a '{\"language\":\"Swift\"}'", note: "with an argument")
    ],
    run: FacadeCommand.getPrompt)

  static let cancelOperation = Command(
    name: "cancel-operation", group: "Tools", summary: "Cancel what runs under a request id",
    details: """
      Cancels every call, reading and prompt that was asked for with this request id, by whichever client, and tells the \
      servers. Each of them ends with the reason "cancelled", unless it was done already. The exit code is 1 when nothing \
      runs under that id.
      """,
    operands: [.init(name: "id", help: "The --request-id of the call")], flags: facadeFlags,
    examples: [.init(line: "warmplane cancel-operation nightly-7", note: "wherever it was started")],
    run: FacadeCommand.cancelOperation)
}
