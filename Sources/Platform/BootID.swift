import Glibc

/// Tells this boot of the machine from all others: moments of the monotonic clock can be compared within one boot only.
package enum BootID {
  /// The kernel's own random id; a random one of this process where the kernel tells none, which equals nothing. Reads a
  /// file that is not on a disk.
  package static let current = read() ?? "process-\(UInt64.random(in: .min ... .max))"

  private static func read() -> String? {
    do {
      let file = try OwnedDescriptor.open("/proc/sys/kernel/random/boot_id", O_RDONLY)
      let text = try FileContents.read(file.number, limit: 64).prefix { $0 > 0x20 }
      return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
    } catch {
      return nil
    }
  }
}
