import Client
import Glibc
import Protocol

/// `status`: the daemon and its workers.
enum StatusCommand {
  /// Time between two pictures of `--watch`.
  private static let watchMilliseconds: Int32 = 1000

  static func run(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    if arguments.has(.watch) { return try watch(arguments) }
    let client = try DaemonLocator.control(arguments)
    let answer = try ask(client)
    let style = TextStyle.standardOutput
    guard answer.isSuccess, !arguments.has(.statusJSON) else {
      let result = Console.output(AnswerText.bytes(answer.body, form: nil, style: style))
      return result == .success && !answer.isSuccess ? .failure : result
    }
    return Console.output(StatusText(answer.body, socket: client.path).rendered(style))
  }

  /// Draws again and again until it is interrupted. A daemon that ends is waited for: it may come back.
  private static func watch(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    var client: ControlClient? = try DaemonLocator.control(arguments)
    while true {
      // Again each time: the window may have another size.
      let style = TextStyle.standardOutput
      let text: String
      do throws(CommandFailure) {
        if client == nil { client = try DaemonLocator.control(arguments) }
        guard let current = client else { fatalError("a client that was just found is gone") }
        let answer = try ask(current)
        text =
          arguments.has(.statusJSON)
          ? String(decoding: answer.body.compacted(), as: UTF8.self) + "\n"
          : StatusText(answer.body, socket: current.path).rendered(style)
      } catch {
        client = nil
        text = arguments.has(.statusJSON) ? "" : error.rendered
      }
      let result = Console.output(arguments.has(.statusJSON) ? text : ScreenText.redrawn(text, style))
      if result != .success { return result }
      poll(nil, 0, watchMilliseconds)
    }
  }

  private static func ask(_ client: ControlClient) throws(CommandFailure) -> ServiceAnswer {
    do { return try client.answer(to: "status") } catch { throw CommandFailure(error) }
  }
}
