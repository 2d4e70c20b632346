import Glibc
import Platform

/// A file with a private key in PEM form (`privateKeyFile`).
///
/// Its permissions are checked, and a file that others can read is refused instead of warned about: a warning in a
/// daemon's log protects nobody. The group may read a file that is not ours, because that is how secrets are mounted for
/// services.
package enum PrivateKeyFile {
  /// Longest file, in bytes.
  package static let longest = 64 * 1024

  /// Reads the key. Blocking; throws what to say about the file, beginning with its path.
  package static func load(_ path: String) throws(CryptoFailure) -> SigningKey {
    let text = try read(path)
    do throws(CryptoFailure) {
      return try SigningKey(pem: text)
    } catch {
      if case .badKey(let reason) = error { throw .badKey("\(path): \(reason)") }
      throw error
    }
  }

  private static func read(_ path: String) throws(CryptoFailure) -> [UInt8] {
    let file: OwnedDescriptor
    do throws(SystemError) {
      file = try .open(path, O_RDONLY | O_NONBLOCK)  // a FIFO must not hold us up
    } catch {
      throw .badKey("\(path): \(error.reason)")
    }
    // The descriptor stays open as long as this call runs.
    do throws(CryptoFailure) {
      return try read(descriptor: file.number)
    } catch {
      throw .badKey("\(path): \(error)")
    }
  }

  private static func read(descriptor: Int32) throws(CryptoFailure) -> [UInt8] {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .badKey(SystemError("fstat").reason) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .badKey("it is not a regular file") }
    if let problem = problem(mode: status.st_mode, isOwn: status.st_uid == geteuid()) { throw .badKey(problem) }
    guard status.st_size <= longest else { throw .badKey("it is longer than \(longest) bytes") }
    var bytes = [UInt8](repeating: 0, count: longest)
    var count = 0
    while count < bytes.count {
      let part = bytes.withUnsafeMutableBytes { buffer in
        retryingInterrupts { Glibc.read(descriptor, buffer.baseAddress! + count, buffer.count - count) }
      }
      if part < 0 { throw .badKey(SystemError("read").reason) }
      if part == 0 { break }
      count += part
    }
    return Array(bytes[..<count])
  }

  /// Why a file with these permissions is refused; nil: it may be used.
  static func problem(mode: UInt32, isOwn: Bool) -> String? {
    if mode & 0o007 != 0 { return "others have access to it: chmod 600" }
    if mode & 0o020 != 0 { return "its group may change it: chmod 600" }
    if mode & 0o040 != 0 && isOwn { return "its group may read it: chmod 600" }
    return nil
  }
}
