import Foundation
import Glibc
import Platform
import Protocol
import Testing

/// Sockets that a service manager opened: served, given back untouched, or refused with a sentence.
@Suite("socket activation", .timeLimit(.minutes(5)))
struct SocketActivationTests {
  /// The words that open the sockets and become the daemon.
  private static func manager(_ sockets: [String]) throws -> [String] {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Peers/service_manager.py").path
    return [try MCPPeers.python(sdk: 1), script] + sockets + ["--"]
  }

  @Test("both are served, also by a new program in the same process, and stay at the end")
  func served() async throws {
    let config = DaemonConfig(servers: [.fake("fake")])
    try await DaemonFixture.run(config, isStarted: false) { daemon in
      let words = try Self.manager(["unix=\(daemon.controlSocket)", "tcp=0", "names=control:http"])
      try daemon.start(by: words)
      try daemon.wait(for: "fake")
      let port = daemon.port
      #expect(port != 0)
      #expect(try daemon.call("fake.count").status == 200)
      let names = try daemon.call("fake.env").text
      #expect(!names.contains("LISTEN_"))
      var before = stat()
      #expect(stat(daemon.controlSocket, &before) == 0)

      #expect(try daemon.runWarmplane(["upgrade", "--config", daemon.configPath]).exit == .code(0))
      try daemon.wait(for: "fake")
      #expect(try daemon.call("fake.count").text.contains(#""text":"2""#), "the same port, the same server")

      // A second daemon does not get in the way of the first, whoever opens its socket.
      try FileManager.default.moveItem(atPath: daemon.controlSocket, toPath: "\(daemon.directory)/away")
      let other = try daemon.runWarmplane(["daemon", "--config", daemon.configPath])
      #expect(other.exit == .code(1) && other.error.contains("runs for this configuration already"))
      try FileManager.default.moveItem(atPath: "\(daemon.directory)/away", toPath: daemon.controlSocket)

      #expect(try daemon.stop() == .code(0))
      var after = stat()
      #expect(stat(daemon.controlSocket, &after) == 0 && after.st_ino == before.st_ino)
    }
  }

  @Test("one of them is enough", arguments: ["unix", "tcp"])
  func one(kind: String) async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")]), isStarted: false) { daemon in
      try daemon.start(by: try Self.manager([kind == "unix" ? "unix=\(daemon.controlSocket)" : "tcp=0"]))
      try daemon.wait(for: "fake")
      #expect(try daemon.call("fake.count").status == 200)
      #expect(try daemon.stop() == .code(0))
      #expect((access(daemon.controlSocket, F_OK) == 0) == (kind == "unix"))
    }
  }

  @Test(
    "what cannot be served is an error that says what to change",
    arguments: [
      (["unix=DIRECTORY/elsewhere.sock"], "the socket unit needs ListenStream=DIRECTORY/run/warmplane/"),
      (["tcp=0", "tcp=0"], "is the second IP socket"), (["udp=0"], "is not a stream socket"),
      (["file=/dev/null"], "is not an open socket"), (["tcp=0", "names=control"], "(control) of the service manager"),
    ])
  func refused(sockets: [String], sentence: String) async throws {
    try await DaemonFixture.run(DaemonConfig(), isStarted: false) { daemon in
      func here(_ text: String) -> String { text.replacingOccurrences(of: "DIRECTORY", with: daemon.directory) }
      try daemon.launch(by: try Self.manager(sockets.map(here)))
      #expect(try daemon.waitForExit() == .code(1))
      let error = daemon.text(of: daemon.logPath)
      #expect(error.hasPrefix("Error: ") && error.contains(here(sentence)), "\(error)")
    }
  }

  @Test("the address that a socket unit and the configuration name must be the same")
  func otherAddress() async throws {
    let config = DaemonConfig(members: ["port": "1", "bind": #""127.0.0.1""#])
    try await DaemonFixture.run(config, isStarted: false) { daemon in
      try daemon.launch(by: try Self.manager(["tcp=0"]))
      #expect(try daemon.waitForExit() == .code(1))
      let error = daemon.text(of: daemon.logPath)
      #expect(error.contains("the configuration says 127.0.0.1 port 1; change the socket unit"), "\(error)")
    }
  }

  @Test("a daemon that is started by hand leaves the socket of a service manager alone")
  func byHand() async throws {
    try await DaemonFixture.run(DaemonConfig(), isStarted: false) { daemon in
      let directory = (daemon.controlSocket as NSString).deletingLastPathComponent
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      let socket = try UnixSocket.listen(at: daemon.controlSocket)
      try daemon.launch()
      #expect(try daemon.waitForExit() == .code(1))
      #expect(daemon.text(of: daemon.logPath).contains("a service manager listens at"))
      #expect(access(daemon.controlSocket, F_OK) == 0)
      withExtendedLifetime(socket) {}
    }
  }
}
