import CLinux
import Glibc

/// Which directories must be watched to learn that what some paths lead to has changed. Looks at the file system and may
/// block.
struct FileWatchPlaces: Sendable, Equatable {
  /// The watched directories by inotify's number, each with the names in it that matter.
  private(set) var names: [Int32: Set<String>] = [:]
  /// Every directory is watched. False when the kernel's or our own limit was reached.
  private(set) var isComplete = true

  /// Links that are followed from one path.
  private static let longestChain = 8
  private static let events: UInt32 = [
    IN_CREATE, IN_MOVED_TO, IN_MOVED_FROM, IN_DELETE, IN_CLOSE_WRITE, IN_ATTRIB, IN_DELETE_SELF, IN_MOVE_SELF,
    IN_ONLYDIR,
  ].reduce(0) { $0 | UInt32($1) }

  init() {}

  /// Watches for `paths` (absolute) on `inotify`: the directory of each file, and of what it links to; where there is no
  /// such directory, the nearest one above it. At most `limit` directories.
  init(paths: [String], inotify: Int32, limit: Int) {
    var directories: [String: Set<String>] = [:]
    for path in paths { Self.collect(path, &directories) }
    for (directory, names) in directories.sorted(by: { $0.key < $1.key }) {
      guard self.names.count < limit else {
        isComplete = false
        break
      }
      let number = inotify_add_watch(inotify, directory, Self.events)
      // Gone since we looked, or no more watches to be had.
      guard number >= 0 else {
        isComplete = false
        continue
      }
      self.names[number, default: []].formUnion(names)
    }
  }

  private static func collect(_ path: String, _ directories: inout [String: Set<String>]) {
    var path = path
    for _ in 0..<longestChain {
      var name = lastName(of: path)
      var directory = ExecutablePath.directory(of: path)
      let parent = directory
      while !isDirectory(directory), directory != "/" {
        name = lastName(of: directory)
        directory = ExecutablePath.directory(of: directory)
      }
      directories[directory, default: []].insert(name)
      guard directory == parent, let target = target(of: path) else { return }
      path = target.hasPrefix("/") ? target : "\(directory)/\(target)"
    }
  }

  private static func lastName(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
  }

  private static func isDirectory(_ path: String) -> Bool {
    var information = stat()
    return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
  }

  /// What a symbolic link says; nil for anything else.
  private static func target(of path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes { bytes in
      bytes.withMemoryRebound(to: CChar.self) { readlink(path, $0.baseAddress!, $0.count) }
    }
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }
}
