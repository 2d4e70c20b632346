import Client
import Protocol

/// The commands that use the servers: the same answers as over HTTP and MCP.
enum FacadeCommand {
  static func listCapabilities(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let operation = FacadeOperation.listCapabilities(wait: arguments.has(.noWait) ? 0 : nil)
    return try run(operation, arguments, waiting: "Waiting for servers that start for the first time …")
  }

  static func describeCapability(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let id = arguments.operands[0]
    return try run(.describeCapability(id: id), arguments, waiting: "Waiting for \(id.onOneLine) …")
  }

  static func callCapability(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let id = arguments.operands[0]
    // Checked before anything is sent.
    let parameters = try JSONArgument.read(arguments.value(of: .parameters) ?? "{}", flag: "--params")
    var writer = JSONWriter(reserving: parameters.range.count + 256)
    writer.beginObject()
    writer.member("capability_id", id)
    writer.member("args", parameters)
    writer.member("request_id", arguments.value(of: .requestID))
    writer.endObject()
    let body: JSONSlice
    do {
      body = try JSONSlice(validating: writer.finish())
    } catch {
      // Only the limits are left: the envelope adds some bytes and one level.
      throw CommandFailure("--params cannot be sent", causes: [error.reason])
    }
    return try run(.callTool(body: body), arguments, waiting: "Calling \(id.onOneLine) …")
  }

  private static func run(
    _ operation: FacadeOperation, _ arguments: ParsedArguments, waiting: String
  ) throws(CommandFailure) -> ExitCode {
    let answer = try DaemonLocator.facade(arguments).answer(to: operation, waiting: waiting)
    let form = arguments.value(of: .output).flatMap { OutputForm(rawValue: $0) }
    let result = Console.output(AnswerText.bytes(answer.body, form: form, style: .standardOutput))
    if result != .success { return result }
    return answer.isSuccess ? .success : .failure
  }
}
