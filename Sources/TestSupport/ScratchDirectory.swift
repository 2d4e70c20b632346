import Glibc
package import Platform

/// A directory of its own for one test, removed with all that is in it.
package final class ScratchDirectory: Sendable {
  package let path: String

  /// Makes it in the system's place for temporary files, or in memory where that is possible, with a short name: socket
  /// paths must fit into 107 bytes.
  package init(inMemory: Bool = false) throws(SystemError) {
    let memory = inMemory && access("/dev/shm", W_OK) == 0 ? "/dev/shm" : nil
    let place = memory ?? getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(place)/wp-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp", subject: place) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Self.removeTree(path) }

  private static func removeTree(_ path: String) {
    // A link is removed, not followed.
    if unlink(path) == 0 || rmdir(path) == 0 { return }
    guard let directory = opendir(path) else { return }
    var names: [String] = []
    while let entry = readdir(directory) {
      names.append(
        withUnsafePointer(to: &entry.pointee.d_name) { pointer in
          pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        })
    }
    closedir(directory)
    for name in names where name != "." && name != ".." { removeTree("\(path)/\(name)") }
    rmdir(path)
  }

  /// The path of `name` inside.
  package func file(_ name: String) -> String { "\(path)/\(name)" }
}
