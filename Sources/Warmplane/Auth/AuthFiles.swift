import Configuration
import Glibc
import OAuth
import Platform

/// The two files that every `auth` command works on: the configuration and the credential store.
struct AuthFiles {
  let configuration: Configuration
  /// The directory of the configuration file, links resolved: relative paths in it start there.
  let directory: String
  let store: CredentialStore

  /// Reads the configuration, and finds the store, which is not read yet.
  init(_ arguments: ParsedArguments) throws(CommandFailure) {
    let location: ConfigurationLocation
    do {
      location = try ConfigurationLocation.find(flag: arguments.value(of: .config))
    } catch {
      throw CommandFailure(error.description)
    }
    configuration = try DaemonLocator.checkedConfiguration(location)
    // It was there a moment ago.
    directory = ExecutablePath.directory(of: location.realPath ?? location.path)
    do {
      store = CredentialStore(path: try CredentialStoreLocation.find(for: configuration, in: directory))
    } catch {
      throw CommandFailure(error.description, causes: ["set HOME, or authStorePath in \(location.path)"])
    }
  }

  /// What the store says.
  func snapshot() throws(CommandFailure) -> CredentialSnapshot {
    do {
      return try store.read()
    } catch {
      throw CommandFailure(error)
    }
  }

  /// Changes the entry of `server`, an empty one if there is none, and returns what `change` returns.
  @discardableResult
  func change<T>(_ server: AuthServer, _ change: (inout StoreEntry) -> T) throws(CommandFailure) -> T {
    do {
      return try store.update(server.key) { stored in
        var entry = StoreEntry(continuing: stored, for: server.url)
        defer { stored = entry }
        return change(&entry)
      }
    } catch {
      throw CommandFailure(error)
    }
  }

  /// `path` of the configuration file, absolute.
  func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "\(directory)/\(path)" }
}

extension CommandFailure {
  init(_ error: CredentialStoreFailure) { self.init(error.summary, causes: [error.detail]) }
}
