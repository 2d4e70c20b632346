import Foundation
import Glibc

/// A directory of its own for one test: working directory, home and runtime directory of the program.
final class CLIWorkspace: Sendable {
  /// Short, because socket paths are limited; the real path, because instances are named after it.
  let directory: String

  init() {
    var template = Array("/tmp/wp-cli-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { fatalError("mkdtemp failed with errno \(errno)") }
    directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  var runtimeDirectory: String { "\(directory)/run" }

  /// Writes a file of the directory and returns its path.
  @discardableResult
  func write(_ text: String, to name: String, isExecutable: Bool = false) throws -> String {
    let path = "\(directory)/\(name)"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    if isExecutable { chmod(path, 0o755) }
    return path
  }

  /// Where the daemon of a config file in this directory listens. The hash is written down here once more, from the
  /// contract, so that program and daemon cannot change it together by accident.
  func controlSocket(of name: String = "mcp_servers.json") throws -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in "\(directory)/\(name)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let digits = String(hash, radix: 16)
    let padded = String(repeating: "0", count: 16 - digits.count) + digits
    let instance = "\(runtimeDirectory)/warmplane/\(padded)"
    try FileManager.default.createDirectory(
      atPath: instance, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    chmod(runtimeDirectory, 0o700)
    return "\(instance)/control.sock"
  }

  /// Puts a copy of the built `warmplane` into `name`, and beside it, if there is a script, that as `warmplaned`; returns
  /// the copy's path. Another process writes the files: a file that is open for writing cannot be executed, and children
  /// that other tests start at this moment would hold it open.
  func install(in name: String, script: String? = nil) throws -> String {
    let target = "\(directory)/\(name)"
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/bin/sh")
    // The mask is this process's own: listening on a socket changes it for a moment, and some test always does that.
    let line =
      #"umask 022; mkdir -p "$2" && cp "$1" "$2/" && if [ -n "$3" ]; then "#
      + #"printf '#!/bin/sh\n%s\n' "$3" > "$2/warmplaned" && chmod 755 "$2/warmplaned"; fi"#
    shell.arguments = ["-ec", line, "sh", CLIProgram.path, target, script ?? ""]
    try shell.run()
    shell.waitUntilExit()
    guard shell.terminationStatus == 0 else { throw CocoaError(.fileWriteUnknown) }
    return "\(target)/warmplane"
  }

  /// Living processes with this directory in their environment, whose command line contains `text`.
  func processes(running text: String? = nil) throws -> [Int32] {
    let mark = Data(directory.utf8)
    return try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.filter { pid in
      guard let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ"),
        environment.range(of: mark) != nil, let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline")
      else { return false }
      // Not an empty text for all: Foundation finds that in no string.
      guard let text else { return true }
      return String(decoding: line, as: UTF8.self).replacingOccurrences(of: "\0", with: " ").contains(text)
    }
  }
}
