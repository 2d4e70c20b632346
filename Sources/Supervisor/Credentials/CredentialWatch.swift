import Configuration
import Platform

/// Knows what the credential store says and tells when that changes: a login by another process wakes servers that wait
/// for one. Looks and watches only while a server needs the store. Loop-confined; owned by the supervisor.
final class CredentialWatch {
  private let loop: EventLoop
  private let look: @Sendable (Configuration) -> CredentialStoreState
  private let thread: BlockingThread
  private var files: FileWatch?
  private var configuration: Configuration?
  /// The last look at the store of the present configuration; nil before the first.
  private(set) var state: CredentialStoreState?
  private var isLooking = false
  private var isStale = false

  /// The state was looked at again, or for the first time (`old` nil).
  var onLook: ((_ old: CredentialStoreState?, _ new: CredentialStoreState) -> Void)?

  /// `look` blocks on the file system; it runs on a thread of its own.
  init(
    loop: EventLoop, look: @escaping @Sendable (Configuration) -> CredentialStoreState
  ) throws(SystemError) {
    self.loop = loop
    self.look = look
    thread = try BlockingThread(name: "credentials")
  }

  /// Looks at the store of this configuration from now on; nil: no server needs one.
  func configure(_ configuration: Configuration?) {
    self.configuration = configuration
    // What was seen is of another store, perhaps.
    state = nil
    if configuration == nil {
      files?.close()
      files = nil
    } else {
      lookAgain()
    }
  }

  private func lookAgain() {
    guard let configuration else { return }
    guard !isLooking else {
      isStale = true
      return
    }
    isLooking = true
    isStale = false
    let reply = LoopBound(self)
    let isAccepted = thread.submit { [look, loop] in
      let state = look(configuration)
      loop.perform { reply.value.looked(state, configuration) }
    }
    if !isAccepted { fatalError("the thread for credentials has work that nobody gave it") }
  }

  private func looked(_ new: CredentialStoreState, _ configuration: Configuration) {
    isLooking = false
    guard let present = self.configuration else { return }
    guard configuration == present else { return lookAgain() }
    let old = state
    state = new
    if old?.watched != new.watched || files == nil { watch(new.watched) }
    onLook?(old, new)
    if isStale { lookAgain() }
  }

  /// When the watches are in place, it is looked once more: what changed until then is not missed.
  private func watch(_ paths: [String]) {
    let files = self.files ?? FileWatch(loop: loop, thread: thread)
    self.files = files
    files.onChange = { [weak self] in self?.lookAgain() }
    files.watch(paths)
  }
}
