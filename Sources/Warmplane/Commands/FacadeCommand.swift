import Client
import Protocol

/// The commands that use the servers: the same answers as over HTTP and MCP.
enum FacadeCommand {
  static func listCapabilities(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let operation = FacadeOperation.listCapabilities(wait: arguments.has(.noWait) ? 0 : nil)
    return try run(operation, arguments, waiting: startWait)
  }

  static func describeCapability(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let id = arguments.operands[0]
    return try run(.describeCapability(id: id), arguments, waiting: "Waiting for \(id.onOneLine) …")
  }

  static func callCapability(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let id = arguments.operands[0]
    let body = try body(arguments, idMember: "capability_id", value: ("args", .parameters))
    return try run(.callTool(body: body), arguments, waiting: "Calling \(id.onOneLine) …")
  }

  static func listResources(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let operation = FacadeOperation.listResources(wait: arguments.has(.noWait) ? 0 : nil)
    return try run(operation, arguments, waiting: startWait)
  }

  static func readResource(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let body = try body(arguments, idMember: "resource_id", value: nil)
    let id = arguments.operands[0]
    return try run(.readResource(body: body), arguments, waiting: "Reading \(id.onOneLine) …")
  }

  static func listPrompts(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let operation = FacadeOperation.listPrompts(wait: arguments.has(.noWait) ? 0 : nil)
    return try run(operation, arguments, waiting: startWait)
  }

  static func getPrompt(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let body = try body(arguments, idMember: "prompt_id", value: ("arguments", .promptArguments))
    let id = arguments.operands[0]
    return try run(.getPrompt(body: body), arguments, waiting: "Getting \(id.onOneLine) …")
  }

  static func cancelOperation(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let id = arguments.operands[0]
    return try run(.cancelOperation(requestID: id), arguments, waiting: "Cancelling \(id.onOneLine) …")
  }

  private static let startWait = "Waiting for servers that start for the first time …"

  /// The body of a request, with all members (contract §1.4). What a flag has as JSON is checked before anything is sent.
  private static func body(
    _ arguments: ParsedArguments, idMember: String, value: (member: String, flag: Flag)?
  ) throws(CommandFailure) -> JSONSlice {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member(idMember, arguments.operands[0])
    if let value {
      writer.member(
        value.member,
        try JSONArgument.read(arguments.value(of: value.flag) ?? "{}", flag: "--\(value.flag.name)"))
    }
    writer.member("request_id", arguments.value(of: .requestID))
    if let key = arguments.value(of: .idempotencyKey) { writer.member("idempotency_key", key) }
    writer.endObject()
    do {
      return try JSONSlice(validating: writer.finish())
    } catch {
      // Only the limits are left: the envelope adds some bytes and one level.
      throw CommandFailure("the request cannot be sent", causes: [error.reason])
    }
  }

  private static func run(
    _ operation: FacadeOperation, _ arguments: ParsedArguments, waiting: String
  ) throws(CommandFailure) -> ExitCode {
    let profile = arguments.value(of: .profile)
    let answer = try DaemonLocator.facade(arguments).answer(to: operation, profile: profile, waiting: waiting)
    let form = arguments.value(of: .output).flatMap { OutputForm(rawValue: $0) }
    let result = Console.output(AnswerText.bytes(answer.body, form: form, style: .standardOutput))
    if result != .success { return result }
    return answer.isSuccess ? .success : .failure
  }
}
