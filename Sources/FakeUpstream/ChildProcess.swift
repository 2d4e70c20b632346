import Glibc

/// Starts processes that this one forgets about.
enum ChildProcess {
  /// Starts a program by its path, with our environment and descriptors. Its pid, or -1.
  static func start(_ path: String, _ arguments: [String]) -> pid_t {
    var argv: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
    argv.append(nil)
    defer { for text in argv { free(text) } }
    var pid: pid_t = -1
    return posix_spawn(&pid, path, nil, nil, argv, environ) == 0 ? pid : -1
  }

  /// Writes `pid` and a line end to `file` so that a reader sees all or nothing.
  static func write(pid: pid_t, to file: String) {
    let unfinished = file + ".new"
    guard let stream = fopen(unfinished, "w") else { fatalError("cannot write \(unfinished): errno \(errno)") }
    fputs("\(pid)\n", stream)
    fclose(stream)
    rename(unfinished, file)
  }
}
