import HTTPClient
import OAuth
import Protocol

/// `auth discover`: finds the authorization server of a server and keeps what it found.
enum AuthDiscoverCommand {
  static func run(_ arguments: ParsedArguments) throws(CommandFailure) -> ExitCode {
    let files = try AuthFiles(arguments)
    let server = try AuthServer.find(arguments.operands[0], in: files)
    _ = try files.snapshot()
    let network = try AuthNetwork(server, files, withSecret: false)
    let record = try CommandLoop.run { (on: isolated CommandLoop) throws(CommandFailure) -> DiscoveryRecord in
      let client = network.client(on)
      defer { client.close() }
      return try await network.discover(on, client, stored: nil)
    }
    try files.change(server) { $0.adopt(record, for: server.url) }
    return AuthPayload.printed(files, server) { writer in
      writer.key("discovery")
      record.writePayload(to: &writer)
    }
  }
}
