import Glibc

/// The files of one decoder's corpus directory.
enum FuzzCorpus {
  struct Entry {
    var path: String
    var bytes: [UInt8]
  }

  /// Every file but the hidden ones, by name; nil if the directory cannot be read.
  static func load(_ directory: String) -> [Entry]? {
    guard let stream = opendir(directory) else { return nil }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted().compactMap { name in
      let path = "\(directory)/\(name)"
      return read(path).map { Entry(path: path, bytes: $0) }
    }
  }

  static func read(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { return bytes }
      bytes.append(contentsOf: chunk[..<count])
    }
  }

  /// Writes a failing input under a name made of its content and returns the path.
  static func save(_ bytes: [UInt8], in directory: String) -> String {
    let path = "\(directory)/failed-\(String(hash(bytes), radix: 16))"
    guard let file = fopen(path, "w") else { return "\(path) (which could not be written)" }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
    return path
  }

  /// Gives the file with the input that was running a lasting name and returns it.
  static func keep(_ runningFile: String, in directory: String) -> String {
    guard let bytes = read(runningFile) else { return runningFile }
    let path = save(bytes, in: directory)
    unlink(runningFile)
    return path
  }

  /// FNV-1a, 64 bits.
  static func hash(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
