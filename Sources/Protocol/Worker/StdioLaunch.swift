/// The program of a stdio upstream.
package struct StdioLaunch: Sendable, Equatable {
  package let command: String
  package let arguments: [String]
  /// The upstream's whole environment, as `NAME=value`.
  package let environment: [String]
  /// Working directory of the upstream.
  package let directory: String

  package init(command: String, arguments: [String], environment: [String], directory: String) {
    self.command = command
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
  }

  /// Writes its members into the launch's object.
  func writeMembers(to writer: inout JSONWriter) {
    writer.member("command", command)
    writer.member("args", strings: arguments)
    writer.member("env", strings: environment)
    writer.member("cwd", directory)
  }

  init?(_ params: JSONSlice) {
    guard let command = params.member("command")?.string, let directory = params.member("cwd")?.string else {
      return nil
    }
    self.init(
      command: command, arguments: params.member("args")?.strings ?? [],
      environment: params.member("env")?.strings ?? [], directory: directory)
  }
}
