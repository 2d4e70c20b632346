import Configuration
import Protocol
import Testing

@Suite struct InstancePathsTests {
  private let hash = "85944171f73967e8"

  /// Paths for the configuration `foobar`, whose hash is one of the published test vectors.
  private func paths(
    _ environment: [String: String], usable: Set<String>, home: String? = nil
  ) throws(InstancePathFailure) -> InstancePaths {
    try InstancePaths(
      configPath: "foobar", environment: { environment[$0] }, uid: 7, homeDirectory: home,
      isUsable: { usable.contains($0.base) })
  }

  @Test(arguments: [("", "cbf29ce484222325"), ("a", "af63dc4c8601ec8c"), ("foobar", "85944171f73967e8")])
  func theHashIsFNV1a(_ text: String, _ expected: String) {
    #expect(InstancePaths.hash(of: text) == expected)
  }

  @Test(
    arguments: [
      (["XDG_RUNTIME_DIR": "/x"], ["/x", "/run/user/7", "/tmp/warmplane-7"], "/x/warmplane/"),
      (["XDG_RUNTIME_DIR": "/x/"], ["/x", "/run/user/7", "/tmp/warmplane-7"], "/x/warmplane/"),
      ([:], ["/run/user/7", "/tmp/warmplane-7"], "/run/user/7/warmplane/"),
      ([:], ["/tmp/warmplane-7"], "/tmp/warmplane-7/"),
      // Set, but not ours, as after `su`.
      (["XDG_RUNTIME_DIR": "/x"], ["/run/user/7", "/tmp/warmplane-7"], "/run/user/7/warmplane/"),
      // Relative and empty values are ignored.
      (["XDG_RUNTIME_DIR": "x"], ["x", "/tmp/warmplane-7"], "/tmp/warmplane-7/"),
      (["XDG_RUNTIME_DIR": ""], ["", "/tmp/warmplane-7"], "/tmp/warmplane-7/"),
      // TMPDIR does not count: clients strip it from their children.
      (["TMPDIR": "/other"], ["/other/warmplane-7", "/tmp/warmplane-7"], "/tmp/warmplane-7/"),
      // The system service, and a process that some other service started.
      (["RUNTIME_DIRECTORY": "/run/warmplane"], ["/run/warmplane", "/tmp/warmplane-7"], "/run/warmplane/"),
      (["RUNTIME_DIRECTORY": "/run/other"], ["/run/other", "/tmp/warmplane-7"], "/tmp/warmplane-7/"),
    ] as [([String: String], Set<String>, String)])
  func theRuntimeDirectory(_ environment: [String: String], _ usable: Set<String>, _ expected: String) throws {
    let paths = try paths(environment, usable: usable)
    #expect(paths.runtimeDirectory == expected + hash)
    #expect(paths.controlSocket == "\(expected)\(hash)/control.sock")
    #expect(paths.lockFile == "\(expected)\(hash)/daemon.lock")
    #expect(paths.workerSocket(0) == "\(expected)\(hash)/w-0.sock")
    #expect(paths.workerSocket(99_999).utf8.count == paths.controlSocket.utf8.count)
    #expect(paths.systemControlSocket == "/run/warmplane/\(hash)/control.sock")
    #expect(paths.systemDirectories == ["/run/warmplane", "/run/warmplane/\(hash)"])
    #expect(paths.isSystemService == (expected == "/run/warmplane/"))
  }

  @Test(
    arguments: [
      (["XDG_STATE_HOME": "/s", "HOME": "/h"], nil, "/s/warmplane/"),
      (["XDG_STATE_HOME": "s", "HOME": "/h"], nil, "/h/.local/state/warmplane/"),
      (["HOME": "/h"], "/passwd", "/h/.local/state/warmplane/"),
      ([:], "/passwd", "/passwd/.local/state/warmplane/"),
      (["STATE_DIRECTORY": "/var/lib/warmplane", "HOME": "/h"], nil, "/var/lib/warmplane/"),
    ] as [([String: String], String?, String)])
  func theStateDirectory(_ environment: [String: String], _ home: String?, _ expected: String) throws {
    #expect(try paths(environment, usable: ["/tmp/warmplane-7"], home: home).stateDirectory == expected + hash)
  }

  @Test func withoutAHomeTheStateIsBesideTheSockets() throws {
    #expect(
      try paths([:], usable: ["/tmp/warmplane-7"]).stateDirectory == "/tmp/warmplane-7/\(hash)/state")
  }

  @Test func aSocketPathIsAtMost107Bytes() throws {
    // "/" + base + "/warmplane/<16>/control.sock"
    let room = 107 - "/warmplane//control.sock".utf8.count - 16
    let longest = "/" + String(repeating: "d", count: room - 1)
    #expect(try paths(["XDG_RUNTIME_DIR": longest], usable: [longest]).controlSocket.utf8.count == 107)
    let tooLong = longest + "d"
    #expect(throws: InstancePathFailure.socketPathTooLong("\(tooLong)/warmplane/\(hash)/control.sock")) {
      try paths(["XDG_RUNTIME_DIR": tooLong], usable: [tooLong])
    }
    // Bytes, not characters.
    let accents = "/" + String(repeating: "é", count: room - 1)
    let failure = #expect(throws: InstancePathFailure.self) {
      try paths(["XDG_RUNTIME_DIR": accents], usable: [accents])
    }
    #expect(failure?.description.contains("\(accents)/warmplane/\(hash)/control.sock has") == true)
  }

  @Test func withoutAnyUsableDirectoryAllAreNamed() {
    #expect(throws: InstancePathFailure.noRuntimeDirectory(["/x", "/run/user/7", "/tmp/warmplane-7"])) {
      try paths(["XDG_RUNTIME_DIR": "/x"], usable: [])
    }
  }
}
