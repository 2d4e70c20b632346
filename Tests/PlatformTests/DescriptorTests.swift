import Glibc
import Platform
import TestSupport
import Testing

/// Ownership of descriptors. Exact counts need a process without other tests.
@Suite(.timeLimit(.minutes(5))) struct DescriptorTests {
  @Test func descriptorsAreClosedWithTheirOwners() async {
    await #expect(processExitsWith: .success) {
      await DescriptorCount.warmUp()
      let start = try DescriptorCount.now()
      do {
        let file = try OwnedDescriptor.open("/dev/null", O_RDONLY)
        // The counter sees what there is to see.
        #expect(try DescriptorCount.now() == start + 1)
        #expect(fcntl(file.number, F_GETFD) & FD_CLOEXEC != 0)
      }
      #expect(try DescriptorCount.now() == start)
      do {
        var pair = try OwnedDescriptor.pipe()
        #expect(try DescriptorCount.now() == start + 2)
        let first = pair.takeFirst()
        #expect(fcntl(first.number, F_GETFD) & FD_CLOEXEC != 0)
      }
      #expect(try DescriptorCount.now() == start)
      let number = try OwnedDescriptor.open("/dev/null", O_RDONLY).release()
      #expect(try DescriptorCount.now() == start + 1)
      close(number)
      #expect(throws: SystemError("open", code: ENOENT, subject: "/nowhere/at/all")) {
        _ = try OwnedDescriptor.open("/nowhere/at/all", O_RDONLY)
      }
      #expect(try DescriptorCount.now() == start)
    }
  }

  @Test func anEndOfAPairIsTakenOnce() async {
    await #expect(processExitsWith: .failure) {
      var pair = try OwnedDescriptor.pipe()
      _ = pair.takeFirst()
      _ = pair.takeFirst()
    }
  }

  @Test func socketPairsDoNotBlockAndAreClosedOnExec() throws {
    var pair = try UnixSocket.pair()
    for number in [pair.takeFirst().release(), pair.takeSecond().release()] {
      #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0)
      #expect(fcntl(number, F_GETFL) & O_NONBLOCK != 0)
      close(number)
    }
  }

  /// A loop, its channels and its listeners give everything back.
  @Test func aLoopLeaksNoDescriptor() async {
    await #expect(processExitsWith: .success) {
      await DescriptorCount.warmUp()
      let start = try DescriptorCount.now()
      for _ in 0..<20 {
        try await LoopThread.run { on in
          let scratch = try ScratchDirectory()
          let listener = try UnixListener(loop: on.loop, socket: UnixSocket.listen(at: scratch.file("s"))) { _, _ in }
          var pair = try UnixSocket.pair()
          let near = ByteChannel(loop: on.loop, socket: pair.takeFirst())
          try near.start()
          near.write([1])
          _ = try UnixSocket.connect(to: scratch.file("s"))
          await turns(3)
          near.close()
          listener.close()
        }
      }
      // The loops' threads end by themselves; the runtime may open a few descriptors.
      #expect(try await eventually { try DescriptorCount.now() < start + 10 })
    }
  }
}
