import Glibc
import HTTPClient
import OAuth
import Platform
import Protocol

/// The work, on a loop.
actor Exerciser {
  private let loop: EventLoop
  private let profile: OAuthProfile
  private let store: CredentialStore
  private let key: String
  private let files: BlockingThread
  private let client: HTTPClient
  private let authorizer: OAuthAuthorizer
  private var left = 0

  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  init(loop: EventLoop, profile: OAuthProfile, store: CredentialStore, key: String, files: BlockingThread) {
    self.loop = loop
    self.profile = profile
    self.store = store
    self.key = key
    self.files = files
    client = HTTPClient(loop: loop, settings: .init(userAgent: "warmplane-test"))
    authorizer = OAuthAuthorizer(
      profile, store: store, key: key, client: HTTPClient(loop: loop, settings: .init(userAgent: "warmplane-test")),
      loop: loop, files: files, log: { print("\($0.message): \($0.error)") })
  }

  /// `count` calls at once; nil: one renewal. The process ends with the last.
  nonisolated func begin(_ count: Int?) {
    assumeIsolated { me in
      me.left = count ?? 1
      for _ in 0..<me.left {
        _ = Task { await me.report(count == nil ? me.renew() : me.call()) }
      }
    }
  }

  private func report(_ text: String) {
    print(text)
    left -= 1
    if left == 0 {
      fflush(nil)
      exit(0)
    }
  }

  private func call() async -> String {
    let result = await withCheckedContinuation { continuation in
      authorizer.authorize(method: "POST", url: profile.url) { continuation.resume(returning: $0) }
    }
    let authorization: Authorization
    switch result {
    case .success(let found): authorization = found
    case .failure(let failure): return "\(failure.code.rawValue): \(failure.detail)"
    }
    var request = HTTPRequest("POST", profile.url, fields: authorization.fields, body: [])
    request.totalTimeout = .seconds(60)
    request.bodyLimit = 1 << 20
    do throws(HTTPFailure) {
      return "\(try await client.fetch(request).head.status)"
    } catch {
      return "\(error)"
    }
  }

  private func renew() async -> String {
    let (store, key) = (store, key)
    let seen = await files.run { try? store.read().entry(key)?.tokens?.accessToken } ?? nil
    let keeper = TokenKeeper(profile, store, key: key, client: client, loop: loop, files: files)
    switch await keeper.renew(.replacing(accessToken: seen ?? "")) {
    case .tokens(_, nil): return "200"
    case .tokens(_, let problem?): return "\(problem)"
    case .transient(let failure, _), .dead(let failure): return "\(failure.code.rawValue): \(failure.detail)"
    }
  }
}
