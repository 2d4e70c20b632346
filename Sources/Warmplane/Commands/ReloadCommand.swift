import Client
import Configuration
import Protocol

/// `reload`: makes the daemon read its config file again.
enum ReloadCommand {
  static func run(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let place = try DaemonLocator.place(arguments)
    let answer: ServiceAnswer
    do {
      answer = try DaemonFinder.connect(to: place.sockets, name: "warmplane").answer(to: "reload")
    } catch {
      throw place.failure(error)
    }
    if let problems = answer.body.member("problems"), !answer.isSuccess {
      for problem in problems.elements {
        Console.error(ConfigurationProblem(problem).rendered(path: place.location.path) + "\n")
      }
      return .failure
    }
    for warning in answer.body.member("warnings")?.elements.map({ $0 }) ?? [] {
      Console.error("\(warning.string?.onOneLine ?? "")\n")
    }
    return try AnswerText.printed(answer)
  }
}

extension ConfigurationProblem {
  /// As the daemon wrote it.
  fileprivate init(_ object: JSONSlice) {
    self.init(
      pointer: object.member("pointer")?.string ?? "", line: object.member("line")?.int,
      column: object.member("column")?.int,
      severity: object.member("severity")?.string.flatMap { Severity(rawValue: $0) } ?? .error,
      message: object.member("message")?.string ?? "")
  }
}
