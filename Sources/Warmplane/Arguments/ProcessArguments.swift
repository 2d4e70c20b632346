/// The command line as text.
enum ProcessArguments {
  /// The arguments behind the program's name. Bytes that are not UTF-8 would be replaced silently on their way into a
  /// `String`, and another file or another value would be meant; so they are an error.
  static func read() throws(UsageError) -> [String] {
    var arguments: [String] = []
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let pointer = CommandLine.unsafeArgv[index] else { break }
      guard let text = String(validatingCString: pointer) else {
        throw UsageError("argument \(index) is not valid UTF-8: \(String(cString: pointer))")
      }
      arguments.append(text)
    }
    return arguments
  }
}
