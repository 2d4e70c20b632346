import Protocol

/// What a daemon says about itself in the answer to `hello`.
package struct DaemonIdentity: Sendable, Equatable {
  package let version: String?
  package let pid: Int32
  /// The real path of its config file.
  package let config: String?
  /// Random, another one for each daemon.
  package let instance: String?

  /// `peer`: the pid that the kernel noted for the listener; it counts when the answer names none. (The answer goes
  /// first, because a socket that systemd opened has systemd as its peer.)
  init(_ result: JSONSlice, peer: Int32) {
    version = result.member("version")?.string
    pid = result.member("pid")?.int.flatMap { Int32(exactly: $0) } ?? peer
    config = result.member("config")?.string
    instance = result.member("instance")?.string
  }
}
