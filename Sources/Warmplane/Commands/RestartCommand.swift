import Client
import Protocol

/// `restart`: a new process for one server, at once.
enum RestartCommand {
  static func run(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let client = try DaemonLocator.control(arguments)
    let answer: ServiceAnswer
    do {
      answer = try client.answer(
        to: "restart",
        params: { writer in
          writer.beginObject()
          writer.member("server", arguments.operands[0])
          writer.endObject()
        })
    } catch {
      throw CommandFailure(error)
    }
    return try AnswerText.printed(answer)
  }
}
