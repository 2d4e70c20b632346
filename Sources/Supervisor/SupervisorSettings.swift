package import Configuration

/// What the supervisor needs to know beside the configuration.
package struct SupervisorSettings: Sendable {
  package var configuration: Configuration
  /// Where sockets are; exists, mode 0700.
  package var paths: InstancePaths
  /// Directory of our executables; it is searched for upstream commands after `PATH`.
  package var programDirectory: String
  /// Working directory of upstreams that name none.
  package var defaultDirectory: String
  /// Directory of the configuration file; relative paths in it start there.
  package var configurationDirectory: String
  /// The daemon's environment.
  package var environment: [(name: String, value: String)]
  /// Servers that may start at the same time.
  package var startSlots: Int
  /// Finds and reads the credential store of a configuration. Blocks on the file system.
  package var credentialStore: @Sendable (Configuration) -> CredentialStoreState

  package init(
    configuration: Configuration, paths: InstancePaths, programDirectory: String, defaultDirectory: String,
    configurationDirectory: String, environment: [(name: String, value: String)], startSlots: Int,
    credentialStore: @escaping @Sendable (Configuration) -> CredentialStoreState
  ) {
    self.configuration = configuration
    self.paths = paths
    self.programDirectory = programDirectory
    self.defaultDirectory = defaultDirectory
    self.configurationDirectory = configurationDirectory
    self.environment = environment
    self.startSlots = startSlots
    self.credentialStore = credentialStore
  }

  /// `path`, or where it leads from the configuration's directory.
  func configurationRelative(_ path: String) -> String {
    path.hasPrefix("/") ? path : "\(configurationDirectory)/\(path)"
  }
}
