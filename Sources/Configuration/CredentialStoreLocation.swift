import Glibc

/// Where the credential store is (contract §7.2). Pure: a function of variables and of which files exist.
package enum CredentialStoreLocation {
  /// There is no home directory, and nothing else says where the store is.
  package struct NotFound: Error, Sendable, Equatable, CustomStringConvertible {
    /// In a few words.
    package var reason: String { "neither HOME nor USERPROFILE nor HOMEDRIVE with HOMEPATH is set" }

    package var description: String { "no place for the credential store: \(reason)" }
  }

  /// The first that applies: what the configuration says; OpenCode's file where it exists; where it would be made.
  ///
  /// - Parameters:
  ///   - configured: `authStorePath` of the configuration, absolute already.
  ///   - environment: A variable of the process; an empty one counts as unset.
  ///   - exists: Whether there is a file; a link to nowhere is none.
  package static func find(
    configured: String?, environment: (String) -> String?, exists: (String) -> Bool
  ) throws(NotFound) -> String {
    if let configured { return configured }
    func variable(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }
    // A relative path in it is invalid (XDG Base Directory Specification).
    let data = variable("XDG_DATA_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }.map { place(in: $0) }
    if let data, exists(data) { return data }
    let home = variable("HOME") ?? variable("USERPROFILE") ?? combined(variable("HOMEDRIVE"), variable("HOMEPATH"))
    guard let home = home.map({ $0.hasSuffix("/") ? String($0.dropLast()) : $0 }) else {
      guard let data else { throw NotFound() }
      return data
    }
    let local = place(in: "\(home)/.local/share")
    if exists(local) { return local }
    let config = place(in: "\(home)/.config")
    if exists(config) { return config }
    return data ?? local
  }

  /// For this process. `directory`: that of the configuration file, links resolved. Looks at the file system.
  package static func find(for configuration: Configuration, in directory: String) throws(NotFound) -> String {
    try find(
      configured: configuration.authStorePath(relativeTo: directory),
      environment: { name in getenv(name).map { String(cString: $0) } }, exists: { access($0, F_OK) == 0 })
  }

  private static func place(in directory: String) -> String {
    "\(directory.hasSuffix("/") ? String(directory.dropLast()) : directory)/opencode/mcp-auth.json"
  }

  private static func combined(_ drive: String?, _ path: String?) -> String? {
    guard let drive, let path else { return nil }
    return drive + path
  }
}
