import Foundation
import Protocol

/// Upstreams and shorthands for tests of lists and entries.
extension DaemonConfig.Server {
  /// An upstream written in shell: it answers the methods in `results` with that JSON text, byte for byte, and every
  /// other request with -32601. `initialize` needs no entry. Results must not contain single quotes.
  static func scripted(_ id: String, capabilities: String, _ results: [(method: String, result: String)]) -> Self {
    let initialized =
      #"{"protocolVersion":"2025-11-25","capabilities":\#(capabilities),"serverInfo":{"name":"s","version":"1"}}"#
    let cases = ([("initialize", initialized)] + results).map { method, result in
      "*'\"method\":\"\(method)\"'*) r='\(result)';;"
    }
    let script = """
      while IFS= read -r line; do
        id=${line#*'"id":'}; id=${id%%[,\\}]*}
        case "$line" in
          \(cases.joined(separator: "\n    "))
          *'"method":"notifications/'*) continue;;
          *) printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"no"}}\\n' "$id"; continue;;
        esac
        printf '{"jsonrpc":"2.0","id":%s,"result":%s}\\n' "$id" "$r"
      done
      """
    return Self(id: id, command: "/bin/sh", arguments: ["-c", script])
  }

  /// A fake upstream that gets more flags while the file `switch-<id>` is in the daemon's working directory: the entry,
  /// and so its fingerprint, stays the same.
  static func switched(_ id: String, _ flags: String = "", then more: String, members: [String: String] = [:]) -> Self {
    let program = DaemonFixture.program("warmplane-fake-upstream")
    return Self(
      id: id, command: "/bin/sh",
      arguments: [
        "-c", "if [ -e 'switch-\(id)' ]; then exec '\(program)' \(flags) \(more); else exec '\(program)' \(flags); fi",
      ], members: members)
  }
}

extension DaemonFixture {
  /// Turns a `switched` upstream's second set of flags on, from its next start.
  func turnSwitch(_ id: String, on: Bool = true) throws {
    let path = "\(directory)/switch-\(id)"
    if on { try Data().write(to: URL(fileURLWithPath: path)) } else { try FileManager.default.removeItem(atPath: path) }
  }

  /// The file with the daemon's state.
  var stateFile: String {
    let instance = controlSocket.split(separator: "/").dropLast().last ?? ""
    return "\(directory)/state/warmplane/\(instance)/state.db"
  }

  /// What `warmplane <command> --config <path> …` did.
  func warmplane(_ command: String, _ arguments: String...) throws -> (exit: Exit, output: String, error: String) {
    try runWarmplane([command, "--config", configPath] + arguments)
  }
}

extension SurfaceHTTPClient {
  /// The answer to a list that waits for nobody: all three kinds have the same shape.
  func list(_ kind: String = "capabilities", query: String = "") throws -> SurfaceHTTPClient.Answer {
    try get("/v1/\(kind)\(query)")
  }
}

extension SurfaceHTTPClient.Answer {
  /// The ids of a list, in its order.
  var ids: [String] {
    let members = ["capabilities", "resources", "prompts"].compactMap { json.member($0) }.first
    return members?.elements.compactMap { $0.member("id")?.string } ?? []
  }

  /// The JSON text of the list of its kind, without the readiness rows.
  var entries: String {
    let members = ["capabilities", "resources", "prompts"].compactMap { json.member($0) }.first
    return members.map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
  }

  /// The readiness row of a server; null without one.
  func readiness(_ server: String) -> JSONSlice? {
    json.member("server_readiness")?.elements.first { $0.member("server")?.string == server }
  }

  /// The readiness code of a server.
  func readinessCode(_ server: String) -> String? { readiness(server)?.member("code")?.string }

  /// `error.hint` as text.
  var hint: String? { error?.member("hint").map { String(decoding: $0.bytes, as: UTF8.self) } }

  /// The JSON text of `data`.
  var data: String? { json.member("data").map { String(decoding: $0.bytes, as: UTF8.self) } }
}
