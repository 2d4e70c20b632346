import Testing

@testable import Supervisor

/// When a change of the credential store concerns a server.
@Suite struct CredentialStoreStateTests {
  private static func state(_ entries: [String: String]?, at path: String = "/s") -> CredentialStoreState {
    CredentialStoreState(place: .file(path), watched: [path], entries: entries)
  }

  @Test(
    arguments: [
      // A login, another login, somebody else's, a logout.
      (state([:]), state(["k": "1"]), true),
      (state(["k": "1"]), state(["k": "2"]), true),
      (state(["k": "1"]), state(["k": "1", "other": "2"]), false),
      (state(["k": "1"]), state([:]), false),
      (state([:]), state(["other": "1"]), false),
      // The store breaks, is mended, and is another one.
      (state(["k": "1"]), state(nil), false),
      (state(nil), state(["k": "1"]), true),
      (state(nil), state([:]), true),
      (state(nil), state(nil), false),
      (state(["k": "1"]), state(["k": "1"], at: "/t"), true),
      (CredentialStoreState(place: .none("x"), watched: [], entries: nil), state([:]), true),
    ] as [(CredentialStoreState, CredentialStoreState, Bool)])
  func news(old: CredentialStoreState, new: CredentialStoreState, isNews: Bool) {
    #expect(new.hasNews(for: "k", since: old) == isNews)
  }
}
