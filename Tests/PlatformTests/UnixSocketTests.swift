import Glibc
import Platform
import TestSupport
import Testing

/// Sockets in the file system and who is at their other end.
@Suite(.timeLimit(.minutes(5))) struct UnixSocketTests {
  /// The umask is the process's: not in the process of the other tests.
  @Test func theSocketFileHasItsModeWhateverTheUmaskIs() async {
    await #expect(processExitsWith: .success) {
      let scratch = try ScratchDirectory()
      for mask: mode_t in [0, 0o022, 0o777] {
        umask(mask)
        for mode: UInt32 in [0o600, 0o660, 0o666] {
          let path = scratch.file("\(mask)-\(mode)")
          _ = try UnixSocket.listen(at: path, mode: mode)
          var status = stat()
          #expect(lstat(path, &status) == 0)
          #expect(status.st_mode & 0o7777 == mode && status.st_mode & S_IFMT == S_IFSOCK)
        }
        #expect(umask(mask) == mask, "the umask is put back")
      }
    }
  }

  @Test func connectingGivesTheKernelsWordForThePeer() async throws {
    try await LoopThread.run { on in
      let scratch = try ScratchDirectory()
      var peers: [PeerCredentials] = []
      var accepted: [Int32] = []
      let socket = try UnixSocket.listen(at: scratch.file("s"))
      let listener = try UnixListener(loop: on.loop, socket: socket) { connection, peer in
        peers.append(peer)
        accepted.append(connection.release())
      }
      var refusals: [String] = []
      listener.onRefusal = { refusals.append($0) }
      let near = try UnixSocket.connect(to: scratch.file("s"))
      let again = try UnixSocket.connect(to: scratch.file("s"))
      #expect(await eventually { peers.count == 2 })
      for peer in peers + [try PeerCredentials(of: near), try PeerCredentials(of: again)] {
        #expect(peer.pid == getpid() && peer.uid == geteuid() && peer.gid == getegid() && peer.isTrusted)
      }
      for number in accepted {
        #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0 && fcntl(number, F_GETFL) & O_NONBLOCK != 0)
      }
      #expect(write(near.number, "x", 1) == 1)
      var byte: UInt8 = 0
      #expect(read(accepted[0], &byte, 1) == 1 && byte == UInt8(ascii: "x"))
      for number in accepted { close(number) }
      listener.close()
      listener.close()
      // A child that another test is just starting may hold a copy until it has called exec.
      let isRefused = await eventually {
        do throws(SystemError) {
          _ = try UnixSocket.connect(to: scratch.file("s"))
          return false
        } catch {
          return error == SystemError("connect", code: ECONNREFUSED, subject: scratch.file("s"))
        }
      }
      #expect(isRefused)
      #expect(refusals.isEmpty)
    }
  }

  @Test func aListenerMayBeClosedInItsOwnHandler() async throws {
    try await LoopThread.run { on in
      let scratch = try ScratchDirectory()
      var count = 0
      var listener: UnixListener?
      listener = try UnixListener(loop: on.loop, socket: UnixSocket.listen(at: scratch.file("s"))) { _, _ in
        count += 1
        listener?.close()
      }
      let first = try UnixSocket.connect(to: scratch.file("s"))
      let second = try UnixSocket.connect(to: scratch.file("s"))
      #expect(await eventually { count > 0 })
      await turns(3)
      #expect(count == 1)
      // Both ends have seen the end, the one that was accepted and the one that was not.
      var byte: UInt8 = 0
      #expect(read(first.number, &byte, 1) == 0)
      #expect(read(second.number, &byte, 1) <= 0 && errno != EAGAIN)
      listener = nil
    }
  }

  @Test func whatCannotBeAnAddressIsRefused() throws {
    let scratch = try ScratchDirectory()
    let longest = scratch.file(String(repeating: "n", count: UnixSocket.longestPath - scratch.path.utf8.count - 1))
    #expect(longest.utf8.count == UnixSocket.longestPath)
    let socket = try UnixSocket.listen(at: longest)
    _ = try UnixSocket.connect(to: longest)
    _ = consume socket
    for path in [longest + "n", "", "a\0b"] {
      #expect(throws: SystemError("socket path", code: ENAMETOOLONG, subject: path)) {
        _ = try UnixSocket.listen(at: path)
      }
      #expect(throws: SystemError("socket path", code: ENAMETOOLONG, subject: path)) {
        _ = try UnixSocket.connect(to: path)
      }
    }
  }

  @Test func bindingAndConnectingFailWithTheReason() throws {
    let scratch = try ScratchDirectory()
    let path = scratch.file("s")
    #expect(throws: SystemError("connect", code: ENOENT, subject: path)) { _ = try UnixSocket.connect(to: path) }
    _ = try UnixSocket.listen(at: path)
    #expect(throws: SystemError("bind", code: EADDRINUSE, subject: path)) { _ = try UnixSocket.listen(at: path) }
    let missing = scratch.file("no/such/directory")
    #expect(throws: SystemError("bind", code: ENOENT, subject: missing)) { _ = try UnixSocket.listen(at: missing) }
  }

  @Test func aFullBacklogIsAnErrorAndNotAWait() throws {
    let scratch = try ScratchDirectory()
    let listener = try UnixSocket.listen(at: scratch.file("s"), backlog: 1)
    var connections: [Int32] = []
    defer { for number in connections { close(number) } }
    #expect(throws: SystemError("connect", code: EAGAIN, subject: scratch.file("s"))) {
      for _ in 0..<10 { connections.append(try UnixSocket.connect(to: scratch.file("s")).release()) }
    }
    _ = consume listener
  }

  @Test func credentialsNeedAPeer() throws {
    let file = try OwnedDescriptor.open("/dev/null", O_RDONLY)
    #expect(throws: SystemError("getsockopt SO_PEERCRED", code: ENOTSOCK)) { _ = try PeerCredentials(of: file) }
    let lonely = OwnedDescriptor(owning: socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
    #expect(throws: SystemError("getsockopt SO_PEERCRED", code: ENOTCONN)) { _ = try PeerCredentials(of: lonely) }
    var pair = try UnixSocket.pair()
    let near = pair.takeFirst()
    let credentials = try PeerCredentials(of: near)
    #expect(credentials.pid == getpid() && credentials.isTrusted)
  }

  /// Without descriptors the kernel reports the same connection again and again.
  @Test func aListenerWithoutDescriptorsRestsAndGoesOn() async {
    await #expect(processExitsWith: .success) {
      try await LoopThread.run { on in
        let scratch = try ScratchDirectory()
        var accepted: [Int32] = []
        var refusals: [String] = []
        let socket = try UnixSocket.listen(at: scratch.file("s"))
        let listener = try UnixListener(loop: on.loop, socket: socket) { connection, _ in
          accepted.append(connection.release())
        }
        listener.onRefusal = { refusals.append($0) }
        let near = try UnixSocket.connect(to: scratch.file("s"))
        // No number is left for the connection.
        var limit = rlimit()
        #expect(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        var low = limit
        low.rlim_cur = rlim_t(near.number) + 1
        #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &low) == 0)
        var fillers: [Int32] = []
        while true {
          let number = dup(near.number)
          if number < 0 { break }
          fillers.append(number)
        }
        // Without a task's sleep, for which the runtime itself wants descriptors.
        for _ in 0..<1000 where refusals.isEmpty { await turns(1) }
        #expect(refusals.first?.contains("accept4: ") == true)
        let start = MonotonicTime.now
        let count = refusals.count
        let used = await cpuOfIdleLoop()
        #expect(used < .milliseconds(60))
        // One for each tenth of a second, however long a busy machine made it; the kernel counts whole milliseconds, and a
        // timer may be early by a part of one.
        #expect(refusals.count <= count + MonotonicTime.now.milliseconds(since: start) / 99 + 1 && accepted.isEmpty)
        for number in fillers { close(number) }
        #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        #expect(await eventually { accepted.count == 1 })
        listener.close()
      }
    }
  }
}
