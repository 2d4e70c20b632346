import Configuration

/// The arguments of `warmplaned`, as `warmplane daemon` passes them on.
struct DaemonOptions: Equatable {
  /// The configuration's path as the user gave it.
  var config: String?
  var port: Int?
  /// What `mcp-http-server` says.
  var mcp = MCPPortRequest()
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
        guard let port = Self.port(rest.popFirst()) else { return .failure(.noPort(argument)) }
        options.port = port
      case "--mcp": options.mcp.isGiven = true
      case "--mcp-port":
        guard let port = Self.port(rest.popFirst()) else { return .failure(.noPort(argument)) }
        options.mcp.port = port
      case "--mcp-bind":
        guard let address = rest.popFirst(), IPAddress(address) != nil else {
          return .failure(UsageError(text: "--mcp-bind needs an IP address"))
        }
        options.mcp.address = address
      case "--mcp-profile":
        guard let profile = rest.popFirst() else { return .failure(UsageError(text: "--mcp-profile needs a name")) }
        options.mcp.profile = profile
      case "--strict": options.isStrict = true
      case "--background": options.isBackground = true
      case "--version": options.wantsVersion = true
      default: return .failure(UsageError(text: "unknown argument \(argument); start it as `warmplane daemon`"))
      }
    }
    return .success(options)
  }

  private static func port(_ text: String?) -> Int? {
    text.flatMap { Int($0) }.flatMap { (0...65535).contains($0) ? $0 : nil }
  }

  struct UsageError: Error {
    let text: String

    static func noPort(_ flag: String) -> UsageError { UsageError(text: "\(flag) needs a number from 0 to 65535") }
  }
}
