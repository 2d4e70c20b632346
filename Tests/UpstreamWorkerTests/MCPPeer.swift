import Foundation
import Platform
import Protocol
import Synchronization
import TestSupport

/// The server `Peers/mcp_peer.py` as a process of its own.
final class MCPPeer: Sendable {
  let port: Int
  private let process: TestProcess
  private let scratch: ScratchDirectory
  private let isSecure: Bool

  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Peers")

  private init(process: TestProcess, scratch: ScratchDirectory, port: Int, isSecure: Bool) {
    self.process = process
    self.scratch = scratch
    self.port = port
    self.isSecure = isSecure
  }

  deinit { process.kill(9) }

  /// Starts it with `flags`.
  static func start(_ flags: String...) async throws -> MCPPeer { try await start(flags) }

  static func start(_ flags: [String], after predecessor: MCPPeer? = nil) async throws -> MCPPeer {
    let scratch = try predecessor?.scratch ?? ScratchDirectory()
    let port = predecessor?.port ?? 0
    let (process, written) = try await run("mcp_peer.py", venv: ".venv", scratch, after: predecessor?.process) {
      ["--ready", $0, "--journal", scratch.file("http-journal"), "--port", "\(port)"] + flags
    }
    guard let port = written.int else { throw TestFailure("the peer has no port: \(written.text)") }
    return MCPPeer(process: process, scratch: scratch, port: port, isSecure: flags.contains("--certificate"))
  }

  /// Runs a program of `Peers` with the interpreter of an environment, until it has written what its ports are into the
  /// file that the arguments name.
  ///
  /// With a `predecessor` it takes over its port: that one is ended when everything but the port is there, so that nobody
  /// is gone for long.
  static func run(
    _ script: String, venv: String, _ scratch: ScratchDirectory, after predecessor: TestProcess? = nil,
    _ arguments: (String) -> [String]
  ) async throws -> (TestProcess, JSONSlice) {
    let root = folder.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let python = root.appendingPathComponent("\(venv)/bin/python").path
    guard FileManager.default.isExecutableFile(atPath: python) else {
      throw TestFailure("\(python) is missing; run scripts/setup --test")
    }
    let ready = scratch.file("ready")
    for file in [ready, "\(ready).waiting"] { try? FileManager.default.removeItem(atPath: file) }
    // By its path it finds its environment.
    let line = [python, "-B", folder.appendingPathComponent(script).path] + arguments(ready)
    let process = try await TestProcess.start {
      SpawnPlan(program: python, arguments: line, environment: ["PATH=/usr/bin:/bin"])
    }
    func ports() -> JSONSlice? {
      FileManager.default.contents(atPath: ready).flatMap { try? JSONSlice(validating: Array($0)) }
    }
    if let predecessor {
      _ = await eventually(within: .seconds(60)) {
        FileManager.default.fileExists(atPath: "\(ready).waiting") || process.exitStatus != nil
      }
      predecessor.kill(9)
    }
    // The SDK is slow to start on a busy machine.
    _ = await eventually(within: .seconds(60)) { ports() != nil || process.exitStatus != nil }
    guard let ports = ports() else {
      throw TestFailure("\(script) did not start: \(process.exitStatus.map { "\($0)" } ?? "silence")")
    }
    return (process, ports)
  }

  /// Ends it at once, and waits for that.
  func kill() async {
    process.kill(9)
    _ = await eventually { self.process.exitStatus != nil }
  }

  /// Another process on the same port, which knows nothing of the first. The journal goes on.
  func restarted(_ flags: String...) async throws -> MCPPeer { try await Self.start(flags, after: self) }

  func url(_ target: String = "/mcp", host: String = "127.0.0.1") -> String {
    "http\(isSecure ? "s" : "")://\(host):\(port)\(target)"
  }

  // MARK: Journal

  /// One request as the peer read it, or something else that it noticed.
  struct Entry {
    let slice: JSONSlice

    func text(_ name: String) -> String? { slice.member(name)?.string }
    /// A header field, by its name in lower case.
    func field(_ name: String) -> String? { slice.member("fields")?.member(name)?.string }
    /// The JSON-RPC method, or else the HTTP method: `tools/call`, `GET`; `answer` for an answer of ours.
    var what: String {
      if let event = text("event") { return event }
      if let rpc = text("rpc") { return rpc }
      return text("method") == "POST" ? "answer" : text("method") ?? "?"
    }
  }

  var journal: [Entry] {
    guard let text = try? String(contentsOfFile: scratch.file("http-journal"), encoding: .utf8) else { return [] }
    return text.split(separator: "\n").compactMap {
      (try? JSONSlice(validating: Array($0.utf8))).map { Entry(slice: $0) }
    }
  }

  /// What came, in order.
  var sequence: [String] { journal.map(\.what) }

  /// The first of that kind.
  func first(_ what: String) -> Entry? { journal.first { $0.what == what } }

  func entries(_ what: String) -> [Entry] { journal.filter { $0.what == what } }
}

extension WorkerHarness {
  /// The launch of an HTTP upstream.
  func launch(
    _ http: HTTPLaunch, era: ProtocolRevision.Era? = nil, startTimeout: Int = 20_000, discoverTimeout: Int = 5_000,
    grace: Int = 1_000
  ) -> UpstreamLaunch {
    UpstreamLaunch(
      server: "test", fingerprint: "f1", mark: mark, transport: .http(http), startTimeoutMilliseconds: startTimeout,
      discoverTimeoutMilliseconds: discoverTimeout, graceMilliseconds: grace, orphanSeconds: 10, era: era)
  }

  /// A worker with a session at a peer that was started with `flags`.
  static func http(
    _ flags: String..., launch: (MCPPeer) -> HTTPLaunch = { HTTPLaunch(url: $0.url()) }
  ) async throws -> (MCPPeer, WorkerHarness, WorkerClient, UpstreamSession) {
    let peer = try await MCPPeer.start(flags)
    let harness = try await start()
    harness.kept.withLock { $0.append(peer) }
    let (client, _) = try await harness.connect()
    let session = try await client.start(harness.launch(launch(peer)))
    return (peer, harness, client, session)
  }
}
