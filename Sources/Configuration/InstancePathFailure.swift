/// Why an instance has no place for its sockets.
package enum InstancePathFailure: Error, Sendable, Equatable, CustomStringConvertible {
  case socketPathTooLong(String)
  /// None of these belongs to us alone.
  case noRuntimeDirectory([String])

  package var description: String {
    switch self {
    case .socketPathTooLong(let path):
      "the socket path \(path) has \(path.utf8.count) bytes; at most \(InstancePaths.maxSocketPathBytes) are possible "
        + "(set XDG_RUNTIME_DIR to a shorter directory)"
    case .noRuntimeDirectory(let bases):
      "no directory for sockets: none of \(bases.joined(separator: ", ")) is a directory that belongs to this user alone"
    }
  }
}
