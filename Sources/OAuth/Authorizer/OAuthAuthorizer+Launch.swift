import HTTPClient
package import Platform
package import Protocol

extension OAuthAuthorizer {
  /// For a worker: all that it was told about its upstream. Nil when `http.url` is no URL.
  ///
  /// - Parameters:
  ///   - server: The server's id.
  ///   - files: A thread for the store and for keys.
  ///   - log: Called on `loop`.
  package init?(
    server: String, http: HTTPLaunch, oauth: OAuthLaunch, loop: EventLoop, files: BlockingThread,
    log: sending @escaping (OAuthNotice) -> Void
  ) {
    guard let profile = OAuthProfile(server: server, serverURL: http.url, launch: oauth) else { return nil }
    let settings = HTTPClient.Settings(
      userAgent: "warmplane/\(WarmplaneVersion.current)", authorityFile: http.authorityFile, proxies: http.proxies)
    self.init(
      profile, store: CredentialStore(path: oauth.storePath), key: oauth.storeKey,
      client: HTTPClient(loop: loop, settings: settings), loop: loop, files: files, log: log)
  }
}
