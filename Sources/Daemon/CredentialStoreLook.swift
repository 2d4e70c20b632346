import Configuration
import OAuth
import Platform
import Protocol
import Supervisor

/// A look at the shared credential store, for servers that wait for it. Nothing secret leaves it but hashes.
enum CredentialStoreLook {
  /// `directory`: that of the configuration file. Blocks on the file system.
  static func state(of configuration: Configuration, in directory: String) -> CredentialStoreState {
    let configured = configuration.authStorePath(relativeTo: directory)
    let path: String
    // Where it is not yet, it may be made: with one of them there, the answer is another.
    var watched: [String] = []
    do {
      path = try CredentialStoreLocation.find(
        configured: configured, environment: { ProcessEnvironment[$0] },
        exists: { candidate in
          watched.append(candidate)
          return StoreStamp(path: candidate) != nil
        })
    } catch {
      return CredentialStoreState(place: .none(error.reason), watched: [], entries: nil)
    }
    if !watched.contains(path) { watched.append(path) }
    return CredentialStoreState(place: .file(path), watched: watched, entries: entries(in: path, of: configuration))
  }

  private static func entries(in path: String, of configuration: Configuration) -> [String: String]? {
    guard let snapshot = try? CredentialStore(path: path).read() else { return nil }
    var hashes: [String: String] = [:]
    for server in configuration.servers {
      guard case .http(let http) = server.transport, case .oauth(let settings)? = http.auth,
        var entry = snapshot.entry(settings.tokenStoreKey), entry.tokens != nil
      else { continue }
      // Steps of a login before there are tokens, and what workers note for themselves and each other.
      entry.forgetPendingLogin()
      entry.challengedScope = nil
      entry.stepUps = nil
      entry.unproven = nil
      entry.discovery?.discoveredAt = nil
      hashes[settings.tokenStoreKey] = FNV1a.hex128(String(reflecting: entry).utf8)
    }
    return hashes
  }
}
