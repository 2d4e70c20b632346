import Configuration
import Glibc
import Platform
import Supervisor

/// Where the credential store of a configuration is (contract §7.2).
enum CredentialStoreRule {
  /// `directory`: that of the configuration file. Looks whether files exist.
  static func place(_ configuration: Configuration, _ directory: String) -> CredentialStorePlace {
    if let path = configuration.authStorePath(relativeTo: directory) { return .file(path) }
    let name = "opencode/mcp-auth.json"
    let data = variable("XDG_DATA_HOME").map { "\($0)/\(name)" }
    if let data, exists(data) { return .file(data) }
    guard let home = home else {
      return data.map { .file($0) } ?? .none("neither HOME nor USERPROFILE nor HOMEDRIVE with HOMEPATH is set")
    }
    let share = "\(home)/.local/share/\(name)"
    if exists(share) { return .file(share) }
    let config = "\(home)/.config/\(name)"
    return .file(exists(config) ? config : data ?? share)
  }

  private static var home: String? {
    if let home = variable("HOME") ?? variable("USERPROFILE") { return home }
    guard let drive = variable("HOMEDRIVE"), let path = variable("HOMEPATH") else { return nil }
    return "\(drive)\(path)"
  }

  private static func variable(_ name: String) -> String? {
    ProcessEnvironment[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
