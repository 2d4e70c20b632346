import Client
import Protocol

/// `logs`: what the daemon noted, as JSON lines.
enum LogsCommand {
  static func run(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let client = try DaemonLocator.control(arguments)
    let isFollowing = arguments.has(.follow)
    do {
      let answer = try client.answer(
        to: "logs",
        params: { writer in
          writer.beginObject()
          if let server = arguments.operands.first { writer.member("server", server) }
          writer.member("follow", isFollowing)
          writer.endObject()
        })
      guard answer.isSuccess else { throw CommandFailure(refusal: answer) }
      var rest = answer.body.member("records")?.int ?? 0
      var text: [UInt8] = []
      while rest > 0 || isFollowing {
        let parameters = try client.notification("log")
        rest -= 1
        guard let record = parameters.member("record") else { continue }
        text += record.compacted() + [0x0A]
        // What is there already goes out with one call.
        if client.hasFrames, text.count < 65_536 { continue }
        if Console.output(text) != .success { return .failure }
        text = []
      }
      return Console.output(text)
    } catch let error as CommandFailure {
      throw error
    } catch ClientError.connectionLost where isFollowing {
      Console.error("The daemon has ended.\n")
      return .success
    } catch let error as ClientError {
      throw CommandFailure(error)
    } catch {
      fatalError("an error of another type: \(error)")
    }
  }
}
