import Glibc

/// Small file systems for tests that may mount them, in a mount namespace that ends with the process.
enum Mounting {
  private typealias Unshare = @convention(c) (Int32) -> Int32

  /// Asks a program, so that this process stays where it is.
  static let isAllowed = system("unshare -m true 2>/dev/null") == 0

  /// Moves this process into a namespace of its own and mounts 512 KiB at `path`.
  static func smallDisk(at path: String) -> Bool {
    // The Glibc module lacks what is declared for _GNU_SOURCE only.
    guard let symbol = dlsym(nil, "unshare") else { return false }
    let newMounts: Int32 = 0x0002_0000  // CLONE_NEWNS
    guard unsafeBitCast(symbol, to: Unshare.self)(newMounts) == 0 else { return false }
    return system("mount --make-rprivate / && mount -t tmpfs -o size=512k none '\(path)'") == 0
  }

  static func remount(_ path: String, readOnly: Bool) -> Bool {
    system("mount -o remount,\(readOnly ? "ro" : "rw") '\(path)'") == 0
  }
}
