import Foundation
import Protocol
import Testing

/// libcurl and its TLS library cost every process megabytes: they are loaded with the first HTTP request.
@Suite("shared libraries")
struct SharedLibraryTests {
  @Test("a daemon with stdio servers and their workers never load libcurl")
  func stdioNeedsNoHTTPClient() async throws {
    try await DaemonFixture.run(DaemonConfig(servers: [.fake("fake")])) { daemon in
      let row = try daemon.wait(for: "fake")
      #expect(try daemon.call("fake.echo", #"{"text":"x"}"#).status == 200)
      let worker = Int32(try #require(row.member("worker_pid")?.int))
      // The maps of a process that has something are readable at all.
      #expect(try Self.libraries(of: worker).contains { $0.contains("libc.so") })
      for pid in [worker, daemon.pid] {
        let needless = try Self.libraries(of: pid).filter { name in
          ["libcurl", "libssl", "libcrypto", "libnghttp2"].contains { name.contains($0) }
        }
        #expect(needless == [])
      }
    }
  }

  private static func libraries(of pid: Int32) throws -> Set<String> {
    let maps = try String(contentsOfFile: "/proc/\(pid)/maps", encoding: .utf8)
    return Set(maps.split(separator: "\n").compactMap { $0.split(separator: " ").last }.map(String.init))
  }
}
