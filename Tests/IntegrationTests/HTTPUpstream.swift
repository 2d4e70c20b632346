import Foundation
import Glibc
import Protocol

/// An MCP server over HTTP that misbehaves on command (`UpstreamWorkerTests/Peers/mcp_peer.py`), as a process of its own
/// that ends with this object.
///
/// Unchecked: guarded by its use; each belongs to one test, whose body is one thread.
final class HTTPUpstream: @unchecked Sendable {
  private let process = Process()
  private let directory: String
  let port: Int

  /// Starts it with `flags` in `directory` (of a fixture), under a name of its own, and waits until it listens.
  init(_ daemon: DaemonFixture, _ flags: [String] = [], port: Int = 0) throws {
    directory = "\(daemon.directory)/upstream-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let ready = "\(directory)/port"
    process.executableURL = URL(fileURLWithPath: try MCPPeers.path(".venv/bin/python"))
    process.arguments =
      [
        "-B", try MCPPeers.path("Tests/UpstreamWorkerTests/Peers/mcp_peer.py"), "--ready", ready, "--journal",
        "\(directory)/journal", "--port", "\(port)",
      ] + flags
    process.environment = ["PATH": "/usr/bin:/bin"]
    try process.run()
    let process = process
    self.port = try daemon.eventually(within: 30, "the HTTP server listens") {
      guard process.isRunning else { throw DaemonFixture.Failure(description: "mcp_peer.py ended") }
      return Int(daemon.text(of: ready))
    }
  }

  /// Ends it; nobody answers at its port any more.
  func stop() {
    guard process.isRunning else { return }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  deinit { stop() }

  var url: String { "http://127.0.0.1:\(port)/mcp" }

  /// The requests so far: `method`, `target`, `rpc`, `fields` (names in lower case), …
  var journal: [JSONSlice] {
    let text = FileManager.default.contents(atPath: "\(directory)/journal") ?? Data()
    return text.split(separator: UInt8(ascii: "\n")).compactMap { try? JSONSlice(validating: Array($0)) }
  }

  /// How often a JSON-RPC method was asked for.
  func count(_ method: String) -> Int {
    // Events, such as a client that left, name the method of their request too.
    journal.count { $0.member("rpc")?.string == method && $0.member("event") == nil }
  }

  /// A port at which nobody listens.
  static func closedPort() throws -> Int {
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(number) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(number, pointer, length) == 0 && getsockname(number, pointer, &length) == 0
      }
    }
    guard result else { throw DaemonFixture.Failure(description: "no port: errno \(errno)") }
    return Int(UInt16(bigEndian: address.sin_port))
  }
}

extension DaemonConfig.Server {
  /// A server reached over HTTP; `auth` is JSON text.
  static func http(_ id: String, _ url: String, auth: String? = nil, members: [String: String] = [:]) -> Self {
    var server = Self(id: id, command: "", members: members)
    server.url = url
    if let auth { server.members["auth"] = auth }
    return server
  }
}

/// The credential store of a fixture's daemons: the default place below its home.
struct CredentialFile {
  let path: String

  init(_ daemon: DaemonFixture) { path = "\(daemon.directory)/.local/share/opencode/mcp-auth.json" }

  /// Replaces the file as careful programs do: beside it, then in its place.
  func write(_ text: String) throws {
    let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path).new"))
    chmod("\(path).new", 0o600)
    guard rename("\(path).new", path) == 0 else { throw DaemonFixture.Failure(description: "rename: errno \(errno)") }
  }

  /// An entry for `key` whose access token is good for as many seconds.
  static func entry(
    _ key: String, token: String = "token", url: String, expiresIn seconds: Int? = 3600, refreshToken: String? = nil,
    tokenEndpoint: String? = nil
  ) -> String {
    var tokens = [#""accessToken":"\#(token)""#]
    if let seconds { tokens.append(#""expiresAt":\#(Int(Date().timeIntervalSince1970) + seconds)"#) }
    if let refreshToken { tokens.append(#""refreshToken":"\#(refreshToken)""#) }
    let discovery =
      tokenEndpoint.map { #","discovery":{"tokenEndpoint":"\#($0)"},"clientInfo":{"clientId":"c"}"# } ?? ""
    return #"{"\#(key)":{"tokens":{\#(tokens.joined(separator: ","))},"serverUrl":"\#(url)"\#(discovery)}}"#
  }
}
