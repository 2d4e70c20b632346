import Glibc
import OAuth
import TestSupport
import Testing

/// The file through everything that happens to files.
struct CredentialStoreTests {
  private static func entry(_ token: String) -> StoreEntry {
    var entry = StoreEntry()
    entry.tokens = StoredTokens(accessToken: token)
    return entry
  }

  private static let text = """
    {
      "k": {
        "tokens": {
          "accessToken": "t"
        }
      }
    }

    """

  @Test func aMissingFileIsAnEmptyStore() throws {
    let sample = try StoreSample(name: "a/b/store.json")
    #expect(try sample.store.read().entry("k") == nil)
    #expect(sample.names() == [])
    try sample.store.update("k") { $0 = Self.entry("t") }
    #expect(try sample.text(of: "a/b/store.json") == Self.text)
    #expect(sample.mode("a/b/store.json") == S_IFREG | 0o600)
    #expect(sample.mode("a/b/store.json.lock") == S_IFREG | 0o600)
    #expect(sample.mode("a") == S_IFDIR | 0o700)
    #expect(sample.mode("a/b") == S_IFDIR | 0o700)
    #expect(sample.names(in: sample.directory.file("a/b")) == ["store.json", "store.json.lock"])
  }

  @Test func aReadableFileBecomesPrivate() throws {
    let sample = try StoreSample()
    try sample.write("{}", mode: 0o644)
    try sample.store.update("k") { $0 = Self.entry("t") }
    #expect(sample.mode() == S_IFREG | 0o600)
  }

  @Test(arguments: ["real.json", "sub/../real.json", "second"])
  func aLinkStaysOne(_ target: String) throws {
    let sample = try StoreSample()
    mkdir(sample.directory.file("sub"), 0o755)
    symlink("\(sample.directory.path)/real.json", sample.directory.file("second"))
    symlink(target, sample.store.path)
    // First the link leads to nothing yet.
    for token in ["s", "t"] { try sample.store.update("k") { $0 = Self.entry(token) } }
    #expect(sample.mode() & S_IFMT == S_IFLNK)
    #expect(try sample.text(of: "real.json") == Self.text)
    #expect(sample.mode("real.json") == S_IFREG | 0o600)
    // One lock for all names of the file.
    #expect(sample.names() == ["mcp-auth.json", "real.json", "real.json.lock", "second", "sub"])
  }

  @Test func linksInACircle() throws {
    let sample = try StoreSample()
    symlink("mcp-auth.json", sample.store.path)
    let failure = #expect(throws: CredentialStoreFailure.self) {
      try sample.store.update("k") { $0 = Self.entry("t") }
    }
    #expect(failure?.reason == .unwritable)
    #expect(throws: CredentialStoreFailure.self) { try sample.store.read() }
  }

  @Test(arguments: ["", "{", "{\"k\":{}", "[]", "{\"other\":{\"tokens\":{\"expiresAt\":-1}}}", "\u{FEFF}{}"])
  func aDamagedFileIsNeverTouched(_ text: String) throws {
    let sample = try StoreSample(text)
    let failure = #expect(throws: CredentialStoreFailure.self) {
      try sample.store.update("k", always: true) { $0 = Self.entry("t") }
    }
    #expect(failure?.reason == .unparsable)
    #expect(failure?.description.hasPrefix("the credential store \(sample.store.path) is damaged") == true)
    #expect(sample.text == text)
    #expect(sample.names() == ["mcp-auth.json", "mcp-auth.json.lock"])
  }

  /// Other programs write into the file itself; a reader may come in the middle of it.
  @Test func aFileThatIsBeingWrittenIsReadAgain() async throws {
    let sample = try StoreSample("{\"k\":")
    async let snapshot = Self.read(sample)
    try sample.write(Self.text)
    #expect(try await snapshot.entry("k") == Self.entry("t"))
  }

  @concurrent private static func read(_ sample: StoreSample) async throws -> CredentialSnapshot {
    try sample.store.read()
  }

  /// A program that does not know our lock writes while we make the new content: its change is not lost.
  @Test func anotherProgramIsFaster() throws {
    let sample = try StoreSample(#"{"other":{"serverUrl":"old"}}"#)
    var calls = 0
    try sample.store.update("k") { entry in
      calls += 1
      if calls == 1 { try? sample.write(#"{"other":{"serverUrl":"new one"}}"#) }
      entry = Self.entry("t")
    }
    #expect(calls == 2)
    let snapshot = try sample.store.read()
    #expect(snapshot.entry("other")?.serverURL == "new one" && snapshot.entry("k") == Self.entry("t"))
    // One that never stops keeps us from writing, not from ending.
    let failure = #expect(throws: CredentialStoreFailure.self) {
      try sample.store.update("k") { entry in
        calls += 1
        try? sample.write(#"{"other":{"serverUrl":"\#(String(repeating: "x", count: calls))"}}"#)
        entry = Self.entry("u")
      }
    }
    #expect(failure?.reason == .locked)
    #expect(sample.names() == ["mcp-auth.json", "mcp-auth.json.lock"])
  }

  @Test func whatIsNoFile() throws {
    let sample = try StoreSample()
    mkdir(sample.store.path, 0o700)
    #expect(throws: CredentialStoreFailure.self) { try sample.store.read() }
    rmdir(sample.store.path)
    mkfifo(sample.store.path, 0o600)
    #expect(throws: CredentialStoreFailure.self) { try sample.store.read() }
    let below = CredentialStore(path: sample.store.path + "/x/store.json")
    let unreadable = #expect(throws: CredentialStoreFailure.self) { try below.read() }
    #expect(unreadable?.reason == .unreadable)
    let unwritable = #expect(throws: CredentialStoreFailure.self) { try below.update("k") { $0 = Self.entry("t") } }
    #expect(unwritable?.reason == .unwritable)
  }

  @Test func aFileThatIsTooLarge() throws {
    let sample = try StoreSample(#"{"x":{"filler":""# + String(repeating: "x", count: 5 << 20) + #""}}"#)
    let failure = #expect(throws: CredentialStoreFailure.self) { try sample.store.read() }
    #expect(failure?.reason == .unparsable)
    // Nor is one made that could not be read again.
    let other = try StoreSample()
    #expect(throws: CredentialStoreFailure.self) {
      try other.store.update("k") { $0 = Self.entry(String(repeating: "x", count: 5 << 20)) }
    }
    #expect(other.names() == ["mcp-auth.json.lock"])
  }

  @Test func nothingIsWrittenWithoutAChange() throws {
    let sample = try StoreSample(#"{"k":{"tokens":{"accessToken":"t"}}}"#)
    let before = StoreStamp(path: sample.store.path)
    try sample.store.update("k") { $0 = Self.entry("t") }
    #expect(StoreStamp(path: sample.store.path) == before)
    let wasThere = try sample.store.update("none", always: true) { entry in
      defer { entry = nil }
      return entry != nil
    }
    #expect(!wasThere)
    #expect(sample.text == Self.text)
  }

  @Test func leftoversOfKilledWritersGo() throws {
    let sample = try StoreSample()
    try sample.write("half", to: ".mcp-auth.json.tmp-123")
    try sample.write("not ours", to: ".other.json.tmp-123")
    try sample.store.update("k") { $0 = Self.entry("t") }
    #expect(sample.names() == [".other.json.tmp-123", "mcp-auth.json", "mcp-auth.json.lock"])
  }

  @Test func aSnapshotKnowsWhetherItIsCurrent() async throws {
    let sample = try StoreSample()
    let empty = try sample.store.read()
    #expect(empty.isCurrent(at: sample.store.path))
    try sample.store.update("k") { $0 = Self.entry("t") }
    #expect(!empty.isCurrent(at: sample.store.path))
    // Just after a change nobody can tell; a little later the time of the file says it.
    #expect(try await eventually { try sample.store.read().isCurrent(at: sample.store.path) })
    let snapshot = try sample.store.read()
    try sample.write(Self.text.replacing("\"t\"", with: "\"u\""))
    #expect(!snapshot.isCurrent(at: sample.store.path))
    unlink(sample.store.path)
    #expect(!snapshot.isCurrent(at: sample.store.path))
  }
}
