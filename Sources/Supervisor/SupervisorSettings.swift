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
  /// The daemon's environment.
  package var environment: [(name: String, value: String)]
  /// Servers that may start at the same time.
  package var startSlots: Int

  package init(
    configuration: Configuration, paths: InstancePaths, programDirectory: String, defaultDirectory: String,
    environment: [(name: String, value: String)], startSlots: Int
  ) {
    self.configuration = configuration
    self.paths = paths
    self.programDirectory = programDirectory
    self.defaultDirectory = defaultDirectory
    self.environment = environment
    self.startSlots = startSlots
  }
}
