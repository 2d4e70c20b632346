import Foundation
import Glibc
import TestSupport
import Testing

@testable import Platform

/// Who may be at the other end of a socket.
@Suite struct PeerRuleTests {
  private typealias Directory = PeerRule.Directory

  private static func directory(_ owner: UInt32, _ mode: UInt32, isDirectory: Bool = true) -> Directory {
    Directory(isDirectory: isDirectory, owner: owner, mode: mode)
  }

  /// We are 1000; the service is 500.
  @Test func aServiceMustOwnAllDirectoriesAndNobodyElseMayWriteThem() {
    let rows: [(peer: UInt32, directories: [Directory?], isAccepted: Bool)] = [
      (1000, [], true), (0, [], true), (500, [], false),
      (500, [Self.directory(500, 0o755), Self.directory(500, 0o750)], true),
      (500, [Self.directory(0, 0o755), Self.directory(500, 0o750)], true),
      (500, [Self.directory(500, 0o755), Self.directory(501, 0o750)], false),
      (500, [Self.directory(501, 0o755), Self.directory(500, 0o750)], false),
      (500, [Self.directory(1000, 0o755), Self.directory(500, 0o750)], false),
      (500, [Self.directory(500, 0o755), Self.directory(500, 0o770)], false),
      (500, [Self.directory(500, 0o757), Self.directory(500, 0o750)], false),
      (500, [Self.directory(0, 0o1777), Self.directory(500, 0o750)], false),
      (500, [Self.directory(500, 0o755), nil], false),
      (500, [Self.directory(500, 0o755), Self.directory(500, 0o777, isDirectory: false)], false),
      // Our own daemon needs no such thing.
      (1000, [Self.directory(7, 0o777), nil], true),
    ]
    for row in rows {
      let isAccepted = PeerRule.accepts(row.peer, own: 1000, directories: row.directories)
      #expect(isAccepted == row.isAccepted, "\(row)")
    }
  }

  @Test func whatLiesAtAPath() throws {
    let scratch = try ScratchDirectory()
    #expect(Directory(scratch.file("nothing")) == nil)
    try #require(mkdir(scratch.file("d"), 0o700) == 0 && chmod(scratch.file("d"), 0o1750) == 0)
    let found = try #require(Directory(scratch.file("d")))
    #expect(found.isDirectory && found.owner == geteuid() && found.mode == 0o1750)
    try #require(symlink(scratch.file("d"), scratch.file("link")) == 0)
    #expect(Directory(scratch.file("link"))?.isDirectory == false)
  }

  /// A listener that belongs to somebody else, in a directory like that of a system service. Only root can make one.
  @Test(.enabled(if: geteuid() == 0), arguments: [(0o750, true), (0o770, false)])
  func aListenerOfAnotherUser(mode: UInt32, isAccepted: Bool) async throws {
    let nobody: UInt32 = 65534
    let scratch = try ScratchDirectory()
    let (base, instance) = (scratch.file("b"), scratch.file("b/i"))
    chmod(scratch.path, 0o755)
    for directory in [base, instance] {
      try #require(mkdir(directory, 0o755) == 0 && chown(directory, nobody, nobody) == 0)
    }
    let path = "\(instance)/s"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
    process.arguments = [
      "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-c",
      "import socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\ns.listen()\nsys.stdin.read()", path,
    ]
    let input = Pipe()
    process.standardInput = input
    try process.run()
    defer {
      try? input.fileHandleForWriting.close()
      process.waitUntilExit()
    }
    #expect(await eventually { (try? UnixSocket.connect(to: path, rule: .anyone)) != nil })
    chmod(instance, mode)
    func connects(_ rule: PeerRule) -> Bool {
      do throws(SystemError) {
        _ = try UnixSocket.connect(to: path, rule: rule)
        return true
      } catch {
        #expect(error.code == EPERM)
        return false
      }
    }
    #expect(connects(.owner(of: [base, instance])) == isAccepted)
    #expect(!connects(.own) && !connects(.owner(of: [])))
  }
}
