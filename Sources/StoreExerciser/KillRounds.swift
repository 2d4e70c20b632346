import Glibc
import OAuth

/// Kills writers, and looks at what they leave.
struct KillRounds {
  let store: CredentialStore
  let key: String
  private var state: UInt64
  private var lastCount = 0
  private var isGood = true

  init(store: CredentialStore, key: String, seed: UInt64) {
    self.store = store
    self.key = key
    state = seed
  }

  /// Whether nothing was wrong.
  mutating func run(_ rounds: Int) -> Bool {
    for round in 1...rounds {
      // The child must not have our text in its buffers, too.
      fflush(nil)
      let child = fork()
      if child == 0 {
        for count in (lastCount + 1)... { StoreWriter.change(store, key, to: count) }
      }
      usleep(UInt32(random(3_000)))
      checkModes(round)
      kill(child, SIGKILL)
      var status: Int32 = 0
      waitpid(child, &status, 0)
      // Exactly our signal: a child that failed by itself says why.
      if status & 0x7F != SIGKILL { complain(round, "the writer ended by itself: status \(status)") }
      checkContent(round)
    }
    print("changes: \(lastCount)")
    return isGood
  }

  private mutating func checkContent(_ round: Int) {
    let snapshot: CredentialSnapshot
    do {
      snapshot = try store.read()
    } catch {
      return complain(round, "\(error)")
    }
    guard let count = StoreWriter.count(in: snapshot, key), count >= lastCount else {
      return complain(round, "the entry is not what a writer wrote, or older than before")
    }
    lastCount = count
    let leftovers = checkModes(round)
    if leftovers > 1 { complain(round, "\(leftovers) temporary files") }
  }

  /// Nothing in the store's directory may be readable for others at any time. Returns the number of temporary files.
  @discardableResult
  private mutating func checkModes(_ round: Int) -> Int {
    let directory = String(store.path[..<(store.path.lastIndex(of: "/") ?? store.path.startIndex)])
    guard let listing = opendir(directory) else {
      complain(round, "no directory")
      return 0
    }
    defer { closedir(listing) }
    var leftovers = 0
    while let entry = readdir(listing) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      var information = stat()
      // A writer renames and removes meanwhile.
      guard name != ".", name != "..", lstat("\(directory)/\(name)", &information) == 0 else { continue }
      if information.st_mode & 0o077 != 0 { complain(round, "\(name) is readable for others") }
      if name.contains(".tmp-") { leftovers += 1 }
    }
    return leftovers
  }

  private mutating func complain(_ round: Int, _ text: String) {
    print("round \(round): \(text)")
    isGood = false
  }

  /// Below `limit`; a sequence that the seed decides (SplitMix64).
  private mutating func random(_ limit: UInt64) -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return (value ^ (value >> 31)) % limit
  }
}
