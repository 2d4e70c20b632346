/// The arguments of `warmplaned`, as `warmplane daemon` passes them on.
struct DaemonOptions: Equatable {
  /// The configuration's path as the user gave it.
  var config: String?
  var port: Int?
  var isStrict = false
  var wantsVersion = false
  /// Started by a command that needs a daemon and goes on (contract §1.3).
  var isBackground = false

  /// Parses the arguments after the program's name; a sentence for what it does not know.
  static func parse(_ arguments: [String]) -> Result<DaemonOptions, UsageError> {
    var options = DaemonOptions()
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--config":
        guard let path = rest.popFirst() else { return .failure(UsageError(text: "--config needs a path")) }
        options.config = path
      case "--port":
        guard let text = rest.popFirst(), let port = Int(text), (0...65535).contains(port) else {
          return .failure(UsageError(text: "--port needs a number from 0 to 65535"))
        }
        options.port = port
      case "--strict": options.isStrict = true
      case "--background": options.isBackground = true
      case "--version": options.wantsVersion = true
      default: return .failure(UsageError(text: "unknown argument \(argument); start it as `warmplane daemon`"))
      }
    }
    return .success(options)
  }

  struct UsageError: Error { let text: String }
}
