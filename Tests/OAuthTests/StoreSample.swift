import Glibc
import Platform
import TestSupport

@testable import OAuth

/// A directory with a store in it, in memory where possible: what is tested is not the disk.
struct StoreSample {
  let directory: ScratchDirectory
  let store: CredentialStore

  init(_ content: String? = nil, name: String = "mcp-auth.json") throws {
    directory = try ScratchDirectory(inMemory: true)
    store = CredentialStore(path: directory.file(name))
    if let content { try write(content) }
  }

  /// Writes into the file itself, as other programs do.
  func write(_ content: String, to name: String = "mcp-auth.json", mode: UInt32 = 0o600) throws {
    let file = try OwnedDescriptor.open(directory.file(name), O_WRONLY | O_CREAT | O_TRUNC, mode: mode)
    let bytes = Array(content.utf8)
    guard Glibc.write(file.number, bytes, bytes.count) == bytes.count else { throw TestFailure("cannot write \(name)") }
    fchmod(file.number, mode)
  }

  var text: String { (try? text(of: "mcp-auth.json")) ?? "" }

  func text(of name: String) throws -> String {
    let file = try OwnedDescriptor.open(directory.file(name), O_RDONLY)
    return String(decoding: try FileContents.read(file.number, limit: 1 << 24), as: UTF8.self)
  }

  /// The kind and rights of a file, links not followed; 0 when there is none.
  func mode(_ name: String = "mcp-auth.json") -> UInt32 {
    var information = stat()
    return lstat(directory.file(name), &information) == 0 ? information.st_mode : 0
  }

  func names(in place: String? = nil) -> [String] {
    guard let listing = opendir(place ?? directory.path) else { return [] }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// What reading a store with that text fails with; nil when it does not.
  static func objection(to text: String) throws -> String? {
    do {
      _ = try StoreDocument(Array(text.utf8))
      return nil
    } catch {
      return error.text
    }
  }
}
