import Foundation
import Glibc
import Protocol
import TestSupport

/// A protected resource with its authorization server (`Tests/Peers/oauth`), and a configuration with one server `docs`
/// for it. Blocking, on a `BlockingExecutor`.
struct CLIAuthWorld {
  var program: CLIProgram
  let resource: String
  let issuer: String
  let port: UInt16
  private let id: Int

  /// `auth`: more members of the server's `auth`, with a comma in front. `options`: of the peer; `%PORT%` in them is the
  /// redirect URI's port.
  init(_ options: String = "{}", auth: String = "", host: String = "127.0.0.1") throws {
    port = try Self.freePort()
    let options = options.replacing("%PORT%", with: "\(port)")
    let world = try Self.ask("POST", "/worlds", options)
    guard let id = world.member("id")?.int, let resource = world.member("resource")?.string,
      let issuer = world.member("issuer")?.string
    else { throw TestFailure("the peer made no world") }
    (self.id, self.resource, self.issuer) = (id, resource, issuer)
    let workspace = CLIWorkspace()
    program = CLIProgram(in: workspace)
    let browser = URL(fileURLWithPath: try MCPPeers.path("Tests/Peers/browser/xdg-open")).deletingLastPathComponent()
    let python = URL(fileURLWithPath: try MCPPeers.python(sdk: 1)).deletingLastPathComponent()
    program.environment["PATH"] = "\(browser.path):\(python.path):/usr/bin:/bin"
    program.environment["BROWSER_DIRECTORY"] = workspace.directory
    try workspace.write(
      """
      {"authStorePath":"store.json","mcpServers":{"docs":{"url":"\(resource)","auth":{"type":"oauth",
        "redirectUri":"http://\(host):\(port)/callback"\(auth.replacing("%ISSUER%", with: issuer))}}}}
      """, to: "mcp_servers.json")
  }

  var directory: String { program.workspace.directory }
  var redirectURI: String { "http://127.0.0.1:\(port)/callback" }

  /// Changes options of the running world.
  func change(_ options: String) throws { _ = try Self.ask("POST", "/worlds/\(id)", options) }

  /// Makes all access tokens invalid.
  func forget() throws { _ = try Self.ask("POST", "/worlds/\(id)/forget", "{}") }

  /// A new key pair in PEM form.
  static func keys(_ algorithm: String) throws -> (private: String, public: String) {
    let keys = try ask("POST", "/keys", #"{"alg":"\#(algorithm)"}"#)
    guard let own = keys.member("private")?.string, let shown = keys.member("public")?.string else {
      throw TestFailure("the peer made no keys")
    }
    return (own, shown)
  }

  /// The requests to the token endpoint so far.
  func tokenRequests() throws -> [JSONSlice] {
    try log().filter { $0.member("path")?.string?.hasSuffix("/token") ?? false }
  }

  /// The paths of the requests so far, with their methods, or their entries for one path.
  func log() throws -> [JSONSlice] { Array(try Self.ask("GET", "/worlds/\(id)/log").elements) }

  func paths() throws -> [String] {
    try log().map { "\($0.member("method")?.string ?? "") \($0.member("path")?.string ?? "")" }
  }

  /// What the browser is sent back to.
  func browse(_ url: String) throws -> String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("url", url)
    writer.endObject()
    let answer = try Self.ask("POST", "/browse", String(decoding: writer.finish(), as: UTF8.self))
    guard let location = answer.member("location")?.string else {
      throw TestFailure("the browser stays: \(answer.member("text")?.string ?? "")")
    }
    return location
  }

  /// The parameters of a URL's query.
  static func query(of url: String) throws -> [String: String] {
    guard let items = URLComponents(string: url)?.queryItems else { throw TestFailure("no query: \(url)") }
    return Dictionary(items.map { ($0.name, $0.value ?? "") }) { first, _ in first }
  }

  // MARK: Files

  /// A file of the workspace; empty when there is none.
  func text(_ name: String = "store.json") -> String {
    String(decoding: FileManager.default.contents(atPath: "\(directory)/\(name)") ?? Data(), as: UTF8.self)
  }

  /// The server's entry in the store; null when there is none.
  func entry() throws -> JSONSlice {
    try JSONSlice(validating: Array(text().utf8)).member("docs") ?? .null
  }

  /// Puts other text into the stored entry.
  func edit(_ name: String, _ value: String) throws {
    guard var store = try JSONSerialization.jsonObject(with: Data(text().utf8)) as? [String: [String: Any]] else {
      throw TestFailure("the store is no object of objects")
    }
    let value = try JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
    var entry = store["docs"] ?? [:]
    let path = name.split(separator: ".").map(String.init)
    if path.count == 2 {
      var inner = entry[path[0]] as? [String: Any] ?? [:]
      inner[path[1]] = value
      entry[path[0]] = inner
    } else {
      entry[name] = value
    }
    store["docs"] = entry
    try JSONSerialization.data(withJSONObject: store).write(to: URL(fileURLWithPath: "\(directory)/store.json"))
  }

  // MARK: Network

  /// A port that was free a moment ago.
  static func freePort() throws -> UInt16 {
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(number) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(number, $0, size) == 0 ? getsockname(number, $0, &size) : -1
      }
    }
    guard result == 0 else { throw TestFailure("no free port: errno \(errno)") }
    return UInt16(bigEndian: address.sin_port)
  }

  /// One request to a port of this machine; nil when nobody listens.
  static func status(of target: String, _ port: UInt16, method: String = "GET") -> Int? {
    try? SurfaceHTTPClient(port: Int(port)).request(method, target).status
  }

  /// One process for all tests.
  private static let peer = Result {
    try PeerProgram("Tests/Peers/oauth/authorization_server.py", python: ".venv-sdk1/bin/python")
  }

  private static func ask(_ method: String, _ path: String, _ body: String? = nil) throws -> JSONSlice {
    let control = try peer.get().announcement.member("control")?.string
    guard let port = control?.split(separator: ":").last.flatMap({ Int($0) }) else {
      throw TestFailure("the peer has no address")
    }
    let client = try SurfaceHTTPClient(port: port)
    let answer = try client.request(method, path, body: body.map { Array($0.utf8) })
    guard answer.status == 200 else { throw TestFailure("\(path): \(answer.status) \(answer.text)") }
    return answer.json
  }
}
