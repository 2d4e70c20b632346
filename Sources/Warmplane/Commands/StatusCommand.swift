import Client
import Protocol

/// `status`: the daemon and its workers.
enum StatusCommand {
  static func run(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let client = try DaemonLocator.control(arguments)
    let answer: ServiceAnswer
    do { answer = try client.answer(to: "status") } catch { throw CommandFailure(error) }
    let style = TextStyle.standardOutput
    guard answer.isSuccess, !arguments.has(.statusJSON) else {
      let result = Console.output(AnswerText.bytes(answer.body, form: nil, style: style))
      return result == .success && !answer.isSuccess ? .failure : result
    }
    return Console.output(StatusText(answer.body, socket: client.path).rendered(style))
  }
}
