import Foundation
import Protocol
import Testing

/// Certificates that do not fit: each has its own sentence, which says how to mend it, and nothing is sent.
@Suite("TLS of HTTP servers", .timeLimit(.minutes(5)))
struct HTTPTLSTests {
  /// Makes an authority and two certificates for `localhost`, one of them expired, as PEM files in `directory`.
  private static func makeCertificates(in directory: String) throws {
    let peers = try MCPPeers.path("Tests/HTTPClientTests/Peers/certificates.py")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try MCPPeers.python(sdk: 2))
    process.arguments = [
      "-B", "-c",
      """
      import pathlib, certificates
      authority = certificates.Authority(pathlib.Path("."), "authority")
      authority.context("good", ["localhost"])
      authority.context("old", ["localhost"], expired=True)
      """,
    ]
    process.environment = [
      "PATH": "/usr/bin:/bin", "PYTHONPATH": URL(fileURLWithPath: peers).deletingLastPathComponent().path,
    ]
    process.currentDirectoryURL = URL(fileURLWithPath: directory)
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw DaemonFixture.Failure(description: "no certificates") }
  }

  @Test("another name, an unknown authority and an expired certificate are told apart")
  func certificates() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: []), isStarted: false) { daemon in
      try Self.makeCertificates(in: daemon.directory)
      func upstream(_ name: String) throws -> HTTPUpstream {
        try HTTPUpstream(daemon, ["--certificate", "\(daemon.directory)/\(name).server.pem"])
      }
      let (good, old) = (try upstream("good"), try upstream("old"))
      let trust = ["caFile": #""authority.pem""#]
      try daemon.write(
        DaemonConfig(servers: [
          .http("name", "https://127.0.0.1:\(good.port)/mcp", members: trust),
          .http("stranger", "https://localhost:\(good.port)/mcp"),
          .http("old", "https://localhost:\(old.port)/mcp", members: trust),
          .http("good", "https://localhost:\(good.port)/mcp", members: trust),
        ]))
      try daemon.start()
      try daemon.wait(for: "good")
      #expect(try daemon.call("good.echo", #"{"a":1}"#).content == #"{"a":1}"#)
      for (server, part) in [
        ("name", "another name than 127.0.0.1: the URL needs a name that the certificate has"),
        ("stranger", "of an authority that is not trusted here: set caFile"), ("old", "has expired"),
      ] {
        let row = try daemon.eventually("\(server) has failed") {
          let row = try daemon.worker(server)
          return row.member("code")?.string == "transport_unavailable" ? row : nil
        }
        let message = row.member("message")?.string ?? ""
        #expect(message.hasPrefix("Server \"\(server)\" ") && message.contains(part), "\(message)")
        let answer = try daemon.call("\(server).echo")
        #expect(answer.status == 503 && answer.message?.contains(part) == true, "\(answer.text)")
      }
      #expect(old.journal.isEmpty)
    }
  }
}
