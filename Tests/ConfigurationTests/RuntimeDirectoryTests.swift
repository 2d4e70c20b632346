import Configuration
import Glibc
import Testing

@Suite struct RuntimeDirectoryTests {
  /// A fresh directory that is removed with all its direct content at the end of the body.
  private func withDirectory(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/warmplane-test-XXXXXX".utf8CString)
    let path = String(cString: try #require(mkdtemp(&template)))
    defer {
      for name in ["new", "open", "file", "link"] {
        unlink("\(path)/\(name)")
        rmdir("\(path)/\(name)")
      }
      rmdir(path)
    }
    try body(path)
  }

  private func isUsable(_ base: String, creates: Bool = true, uid: UInt32 = geteuid()) -> Bool {
    RuntimeDirectory(base: base, createsBase: creates, path: base).baseIsUsable(uid: uid)
  }

  @Test func aMissingBaseIsCreatedPrivatelyWhereAllowed() throws {
    try withDirectory { directory in
      #expect(!isUsable("\(directory)/new", creates: false))
      #expect(isUsable("\(directory)/new"))
      var status = stat()
      #expect(stat("\(directory)/new", &status) == 0)
      #expect(status.st_mode & 0o077 == 0)
      #expect(isUsable("\(directory)/new"), "an existing one is as good")
      #expect(!isUsable("\(directory)/missing/new"))
    }
  }

  @Test func whatOthersCouldHavePutThereIsRefused() throws {
    try withDirectory { directory in
      #expect(!isUsable(directory, uid: geteuid() + 1), "somebody else's")
      #expect(mkdir("\(directory)/open", 0o700) == 0)
      #expect(chmod("\(directory)/open", 0o777) == 0)
      #expect(!isUsable("\(directory)/open"), "writable by everybody")
      #expect(symlink("/tmp", "\(directory)/link") == 0)
      #expect(!isUsable("\(directory)/link"), "a symbolic link")
      #expect(mknod("\(directory)/file", S_IFREG | 0o600, 0) == 0)
      #expect(!isUsable("\(directory)/file"), "no directory")
    }
  }
}
