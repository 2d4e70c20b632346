import Glibc

/// Reading a whole small file.
enum ConfigurationFile {
  struct Reason: Error {
    var text: String
  }

  /// The content, or why there is none. A file that grows while it is read is refused at the limit as well.
  static func read(_ path: String, limit: Int) -> Result<[UInt8], Reason> {
    guard !path.utf8.contains(0) else { return .failure(Reason(text: "the path contains a NUL character")) }
    // Without O_NONBLOCK, opening a FIFO that nobody writes to would never return.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return .failure(Reason(text: String(cString: strerror(errno)))) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return .failure(Reason(text: String(cString: strerror(errno)))) }
    guard status.st_mode & S_IFMT == S_IFREG else { return .failure(Reason(text: "not a regular file")) }
    let tooLarge = Reason(text: "the file is larger than \(limit) bytes")
    guard status.st_size <= limit else { return .failure(tooLarge) }

    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while content.count <= limit {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count == 0 { return .success(content) }
      if count > 0 {
        content += chunk[..<count]
      } else if errno != EINTR {
        return .failure(Reason(text: String(cString: strerror(errno))))
      }
    }
    return .failure(tooLarge)
  }
}
