import Glibc

@testable import Store

/// A directory of its own for one test, in memory where possible, deleted with the object.
final class StateDirectory: Sendable {
  /// Holds the state directory; nothing else is in it.
  let base: String
  /// The state directory, which is not made yet.
  let path: String

  init() {
    let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    var template = Array("\(parent)/warmplane-store-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { fatalError("mkdtemp: \(errno)") }
    base = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    path = "\(base)/state/warmplane/0123456789abcdef"
  }

  deinit { Self.remove(base) }

  var file: String { "\(path)/state.db" }

  /// What lies in the state directory, sorted.
  var names: [String] { Self.names(in: path) }

  /// A store on this directory, and what it reports.
  func open() throws -> (store: Store, reports: ReportLog) {
    let reports = ReportLog()
    return (try Store(directory: path, report: { reports.add($0) }), reports)
  }

  /// Writes `rows` with a store of its own.
  func fill(_ rows: [StoredCatalog]) throws {
    let store = try open().store
    for row in rows { store.saveCatalog(row) }
    guard store.close(timeout: .seconds(20)) else { fatalError("the store cannot be filled") }
  }

  /// What a new store finds.
  func load() throws -> (rows: [StoredCatalog], reports: [StoreReport]) {
    let (store, reports) = try open()
    defer { store.close(timeout: .seconds(20)) }
    return (store.loadCatalogs(timeout: .seconds(20)), reports.all)
  }

  static func names(in path: String) -> [String] {
    guard let listing = opendir(path) else { return [] }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  static func remove(_ path: String) {
    if unlink(path) == 0 { return }
    chmod(path, 0o700)
    for name in names(in: path) { remove("\(path)/\(name)") }
    rmdir(path)
  }

  static func read(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return bytes
  }

  static func write(_ bytes: [UInt8], to path: String) {
    guard let file = fopen(path, "w"), fwrite(bytes, 1, bytes.count, file) == bytes.count, fclose(file) == 0 else {
      fatalError("cannot write \(path): \(errno)")
    }
  }

  /// The directory's files as they are, open or not.
  static func copy(_ path: String, to other: String) {
    mkdir(other, 0o700)
    for name in names(in: path) { write(read("\(path)/\(name)"), to: "\(other)/\(name)") }
  }

  static func mode(_ path: String) -> mode_t {
    var information = stat()
    return stat(path, &information) == 0 ? information.st_mode & 0o7777 : 0
  }
}
