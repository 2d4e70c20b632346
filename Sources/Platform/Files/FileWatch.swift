import CLinux
import Glibc

/// Tells that what some paths lead to may have changed: files that are written, replaced, made or removed, links that lead
/// elsewhere or whose targets change, directories that do not exist yet. Loop-confined.
///
/// By inotify, which sees what happens on this machine. Where it cannot watch all that it must (limits of the kernel), the
/// owner is told every two seconds instead, and looks for itself.
package final class FileWatch {
  /// Changes come in groups: a lock, a temporary file, its renaming.
  private static let debounce = Duration.milliseconds(50)
  private static let pollInterval = Duration.seconds(2)
  /// Directories that are watched at most.
  package static let mostDirectories = 64
  private static let readsPerEvent = 16

  /// The descriptor, kept alive for the thread that places watches.
  private final class Inotify: Sendable {
    let descriptor: OwnedDescriptor

    init() throws(SystemError) {
      let number = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
      if number < 0 { throw SystemError("inotify_init1") }
      descriptor = OwnedDescriptor(owning: number)
    }
  }

  private let loop: EventLoop
  private let thread: BlockingThread
  private let limit: Int
  private let inotify: Inotify?
  private var watch: Watch?
  private var paths: [String] = []
  private var places = FileWatchPlaces()
  private var debounceTimer: Timer?
  private var pollTimer: Timer?
  private var isPlacing = false
  private var isStale = false
  private var isClosed = false

  /// Something may have changed since it was called last; not more often than 20 times a second. Called once after each
  /// `watch(_:)` too, when the watches are in place: what changed before that is seen by looking now.
  package var onChange: (() -> Void)?

  /// `thread`: looks at directories.
  package init(loop: EventLoop, thread: BlockingThread, limit: Int = FileWatch.mostDirectories) {
    self.loop = loop
    self.thread = thread
    self.limit = limit
    inotify = try? Inotify()
    guard let number = inotify?.descriptor.number else { return }
    watch = try? loop.watch(number, for: .readable) { [weak self] _ in self?.read(number) }
  }

  /// Watches for these absolute paths and no others.
  package func watch(_ paths: [String]) {
    self.paths = paths
    place()
  }

  /// Ends it; `onChange` is not called any more. Idempotent.
  package func close() {
    isClosed = true
    onChange = nil
    debounceTimer?.cancel()
    pollTimer?.cancel()
    watch?.cancel()
    watch = nil
  }

  /// Nothing is under way: what happened was told, and nothing else comes by itself. For tests.
  var isQuiet: Bool { !isPlacing && !isStale && debounceTimer == nil }

  // MARK: Placing

  private func place() {
    debounceTimer?.cancel()
    debounceTimer = nil
    pollTimer?.cancel()
    guard !isClosed else { return }
    guard !isPlacing else {
      isStale = true
      return
    }
    isPlacing = true
    let (thread, paths, inotify, limit) = (thread, paths, inotify, limit)
    let before = Set(places.names.keys)
    let reply = LoopBound(self)
    let isAccepted = thread.submit { [loop] in
      let places = Self.places(paths, inotify, limit, before)
      loop.perform { reply.value.placed(places) }
    }
    if !isAccepted { placed(places) }
  }

  private static func places(
    _ paths: [String], _ inotify: Inotify?, _ limit: Int, _ before: Set<Int32>
  ) -> FileWatchPlaces? {
    guard let number = inotify?.descriptor.number else { return nil }
    let places = FileWatchPlaces(paths: paths, inotify: number, limit: limit)
    for old in before.subtracting(places.names.keys) { inotify_rm_watch(number, old) }
    return places
  }

  private func placed(_ places: FileWatchPlaces?) {
    isPlacing = false
    guard !isClosed else { return }
    self.places = places ?? FileWatchPlaces()
    if isStale {
      isStale = false
      changed()
    } else if places?.isComplete != true {
      pollTimer = loop.schedule(after: Self.pollInterval) { [weak self] in self?.place() }
    }
    onChange?()
  }

  /// A directory may have come or gone, so the watches are placed anew; `onChange` follows.
  private func changed() {
    guard !isPlacing else {
      isStale = true
      return
    }
    guard debounceTimer == nil, !isClosed else { return }
    debounceTimer = loop.schedule(after: Self.debounce) { [weak self] in self?.place() }
  }

  // MARK: Reading

  private func read(_ number: Int32) {
    var buffer = [UInt8](repeating: 0, count: 16 * 1024)
    for _ in 0..<Self.readsPerEvent {
      let count = buffer.withUnsafeMutableBytes { bytes in
        retryingInterrupts { Glibc.read(number, bytes.baseAddress, bytes.count) }
      }
      guard count > 0 else { return }
      if isRelevant(buffer[..<count]) { changed() }
    }
  }

  /// Whether one of the events (inotify(7)) concerns a name that matters.
  private func isRelevant(_ events: ArraySlice<UInt8>) -> Bool {
    var rest = events
    while rest.count >= 16 {
      let header = rest.prefix(16).withUnsafeBytes { bytes in
        (
          watch: bytes.loadUnaligned(fromByteOffset: 0, as: Int32.self),
          mask: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self),
          length: bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self)
        )
      }
      let name = String(decoding: rest.dropFirst(16).prefix(Int(header.length)).prefix { $0 != 0 }, as: UTF8.self)
      if isRelevant(header.watch, header.mask, name) { return true }
      rest = rest.dropFirst(16 + Int(header.length))
    }
    return false
  }

  private func isRelevant(_ watch: Int32, _ mask: UInt32, _ name: String) -> Bool {
    if mask & UInt32(IN_Q_OVERFLOW) != 0 { return true }
    guard let names = places.names[watch] else {
      // Of a watch that is being placed, or was removed.
      return mask & UInt32(IN_IGNORED) == 0 && isPlacing
    }
    // Without a name it is the directory's own: removed, moved, other permissions.
    return name.isEmpty || names.contains(name)
  }
}
