import Glibc
import OAuth
import TestSupport
import Testing

/// One refresh at a time.
struct StoreLockTests {
  @Test func oneOwnerPerKey() throws {
    let sample = try StoreSample(name: "new/mcp-auth.json")
    let lock = try #require(try sample.store.attemptRefreshLock("k"))
    #expect(try sample.store.attemptRefreshLock("k") == nil)
    // Neither another key nor the store itself is held up.
    let other = try #require(try sample.store.attemptRefreshLock("a/key\u{0}with\nanything"))
    try sample.store.update("k") { $0 = StoreEntry() }
    lock.release()
    lock.release()
    #expect(try sample.store.attemptRefreshLock("k") != nil)
    withExtendedLifetime(other) {}
    let names = sample.names(in: sample.directory.file("new"))
    #expect(names.count == 4)
    for name in names { #expect(sample.mode("new/\(name)") == S_IFREG | 0o600) }
  }

  @Test func theEndOfTheOwnerGivesItBack() throws {
    let sample = try StoreSample()
    do {
      let lock = try #require(try sample.store.attemptRefreshLock("k"))
      withExtendedLifetime(lock) {}
    }
    #expect(try sample.store.attemptRefreshLock("k") != nil)
  }

  @Test func waitingEnds() throws {
    let sample = try StoreSample()
    let lock = try #require(try sample.store.attemptRefreshLock("k"))
    let late = #expect(throws: CredentialStoreFailure.self) {
      try sample.store.refreshLock("k", limit: .milliseconds(30))
    }
    #expect(late?.reason == .locked)
    var questions = 0
    let cancelled = #expect(throws: CredentialStoreFailure.self) {
      try sample.store.refreshLock(
        "k", limit: .seconds(60),
        isCancelled: {
          questions += 1
          return questions > 3
        })
    }
    #expect(cancelled?.reason == .cancelled)
    var released = false
    let second = try sample.store.refreshLock(
      "k", limit: .seconds(60),
      isCancelled: {
        if !released { lock.release() }
        released = true
        return false
      })
    #expect(released)
    withExtendedLifetime(second) {}
  }
}
