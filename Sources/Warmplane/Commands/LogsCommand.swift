import Client
import Protocol

/// `logs`: what the daemon noted, as JSON lines.
enum LogsCommand {
  static func run(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let client = try DaemonLocator.control(arguments)
    let isFollowing = arguments.has(.follow)
    do {
      try client.ask("logs") { writer in
        writer.beginObject()
        if let server = arguments.operands.first { writer.member("server", server) }
        writer.member("follow", isFollowing)
        writer.endObject()
      }
      var text: [UInt8] = []
      var isComplete = false
      while !isComplete {
        switch try client.next() {
        case .notification(let method, let parameters):
          guard method == "log", let record = parameters.member("record") else { continue }
          text += record.compacted() + [0x0A]
        case .answer(let answer):
          guard answer.isSuccess else { throw CommandFailure(refusal: answer) }
          isComplete = !isFollowing
        }
        // What is there already goes out with one call.
        if !isComplete, client.hasFrames, text.count < 65_536 { continue }
        if !text.isEmpty, Console.output(text) != .success { return .failure }
        text = []
      }
      return .success
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
