package import Configuration
import Glibc

/// What the front needs to know beside the configuration.
package struct FrontSettings: Sendable {
  package var configuration: Configuration
  /// The configuration's real path.
  package var configurationPath: String
  /// Unknown keys are errors, on reload too.
  package var isStrict: Bool
  /// Path of the control socket.
  package var socketPath: String
  /// Path of the daemon's program; a newer one may lie there by now.
  package var program: String

  /// The configuration that the surfaces were opened with: some keys count only then.
  let opened: Configuration
  /// Modification time of the configuration file when it was read, in nanoseconds.
  private var readTime: Int64
  /// That of the last edit that `noticeEdit` told.
  private var toldTime: Int64?

  package init(
    configuration: Configuration, configurationPath: String, socketPath: String, program: String,
    isStrict: Bool = false
  ) {
    self.program = program
    self.isStrict = isStrict
    self.configuration = configuration
    opened = configuration
    self.configurationPath = configurationPath
    self.socketPath = socketPath
    readTime = Self.modificationTime(of: configurationPath)
  }

  /// Takes a configuration that was read just now.
  mutating func apply(_ configuration: Configuration) {
    self.configuration = configuration
    readTime = Self.modificationTime(of: configurationPath)
  }

  /// The file was written to since; the daemon goes on with what it read.
  var hasConfigurationChanged: Bool { Self.modificationTime(of: configurationPath) != readTime }

  /// True once for each edit that was not applied.
  mutating func noticeEdit() -> Bool {
    let time = Self.modificationTime(of: configurationPath)
    guard time != readTime, time != toldTime else { return false }
    toldTime = time
    return true
  }

  private static func modificationTime(of path: String) -> Int64 {
    var information = stat()
    guard stat(path, &information) == 0 else { return 0 }
    return Int64(information.st_mtim.tv_sec) * 1_000_000_000 + Int64(information.st_mtim.tv_nsec)
  }
}
