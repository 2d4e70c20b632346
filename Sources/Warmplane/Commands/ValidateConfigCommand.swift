import Configuration
import Protocol

/// `validate-config`: says what is wrong with the config file.
enum ValidateConfigCommand {
  static func run(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let hasJSON = arguments.has(.validationJSON)
    let location: ConfigurationLocation
    do {
      location = try ConfigurationLocation.find(flag: arguments.value(of: .config))
    } catch {
      guard hasJSON else { throw CommandFailure(error.description) }
      let problem = ConfigurationProblem(
        pointer: "", line: nil, column: nil, severity: .error, message: error.description)
      return printed(problems: [problem], path: nil)
    }
    do {
      let configuration = try Configuration.load(path: location.path, strict: arguments.has(.strict))
      return printed(configuration)
    } catch {
      if hasJSON { return printed(problems: error.problems, path: location.path) }
      Console.error(error.description + "\n")
      return .failure
    }
  }

  private static func printed(_ configuration: Configuration) -> ExitCode {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("ok", true)
    writer.member("config", configuration.path)
    writer.member("servers", configuration.servers.count)
    if !configuration.warnings.isEmpty {
      writer.key("warnings")
      write(configuration.warnings, to: &writer)
    }
    writer.endObject()
    for warning in configuration.warnings { Console.error(warning.rendered(path: configuration.path) + "\n") }
    return Console.output(writer.finish() + [0x0A])
  }

  private static func printed(problems: [ConfigurationProblem], path: String?) -> ExitCode {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("ok", false)
    writer.member("config", path)
    writer.key("problems")
    write(problems, to: &writer)
    writer.endObject()
    _ = Console.output(writer.finish() + [0x0A])
    return .failure
  }

  private static func write(_ problems: [ConfigurationProblem], to writer: inout JSONWriter) {
    writer.beginArray()
    for problem in problems { problem.write(to: &writer) }
    writer.endArray()
  }
}
