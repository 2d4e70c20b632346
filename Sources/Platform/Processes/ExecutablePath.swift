import Glibc

/// Where our programs are: they are installed side by side.
package enum ExecutablePath {
  /// The real path of the running program.
  package static func own() throws(SystemError) -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    if count < 0 { throw SystemError("readlink", subject: "/proc/self/exe") }
    let path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // After an upgrade the running file is unlinked; its successor has the same place.
    return path.hasSuffix(" (deleted)") ? String(path.dropLast(10)) : path
  }

  /// The directory of `path`, without a slash at its end (except for the root).
  package static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The program `name` beside `path`.
  package static func sibling(_ name: String, of path: String) -> String {
    let directory = directory(of: path)
    return directory == "/" ? "/\(name)" : "\(directory)/\(name)"
  }

  /// The working directory of this process; the root when it was removed.
  package static var workingDirectory: String {
    guard let path = getcwd(nil, 0) else { return "/" }
    defer { free(path) }
    return String(cString: path)
  }
}
