import Glibc
import Platform
import TestSupport
import Testing

/// Descriptor events of the loop.
@Suite(.timeLimit(.minutes(5))) struct WatchTests {
  /// Both descriptors are ready in one turn. The handler that runs first closes the other descriptor and opens a new
  /// one under the same number, for which there is no event.
  @Test func aReusedDescriptorGetsNoEventOfItsForerunner() async throws {
    try await LoopThread.run { on in
      let loop = on.loop
      var log: [String] = []
      var descriptors: [Int32] = []
      var writers: [Int32] = []
      for _ in 0..<2 {
        var pair = try OwnedDescriptor.pipe()
        descriptors.append(pair.takeFirst().release())
        writers.append(pair.takeSecond().release())
      }
      // The replacement has nothing to read.
      var quiet = try OwnedDescriptor.pipe()
      let replacement = quiet.takeFirst()
      let replacementWriter = quiet.takeSecond()
      var watches: [Watch?] = [nil, nil]
      for index in 0..<2 {
        watches[index] = try loop.watch(descriptors[index], for: .readable) { _ in
          log.append("old")
          let other = 1 - index
          watches[index]?.cancel()
          watches[other]?.cancel()
          #expect(dup2(replacement.number, descriptors[other]) == descriptors[other])
          watches[other] = try? loop.watch(descriptors[other], for: .readable) { _ in log.append("new") }
          #expect(watches[other] != nil)
        }
      }
      for writer in writers { #expect(write(writer, "x", 1) == 1) }
      #expect(await eventually { !log.isEmpty })
      await turns(3)
      #expect(log == ["old"])
      // The new watch works.
      #expect(write(replacementWriter.number, "x", 1) == 1)
      #expect(await eventually { log.contains("new") })
      for watch in watches { watch?.cancel() }
      for number in descriptors + writers { close(number) }
    }
  }

  @Test func aCancelledWatchIsSilentEvenInTheTurnOfItsEvent() async throws {
    try await LoopThread.run { on in
      var first = try UnixSocket.pair()
      let near = first.takeFirst()
      let far = first.takeSecond()
      var log: [Int] = []
      var watches: [Watch?] = [nil, nil]
      for (index, number) in [near.number, far.number].enumerated() {
        watches[index] = try on.loop.watch(number, for: .writable) { _ in
          log.append(index)
          for watch in watches { watch?.cancel() }
        }
      }
      #expect(await eventually { !log.isEmpty })
      await turns(3)
      #expect(log.count == 1)
    }
  }

  @Test func interestCanBeChanged() async throws {
    try await LoopThread.run { on in
      var pair = try UnixSocket.pair()
      let near = pair.takeFirst()
      let far = pair.takeSecond()
      var seen: [Readiness] = []
      let watch = try on.loop.watch(near.number, for: []) { seen.append($0) }
      #expect(write(far.number, "x", 1) == 1)
      await turns(3)
      #expect(seen.isEmpty)
      watch.update(.readable)
      #expect(await eventually { !seen.isEmpty })
      #expect(seen.first == .readable)
      watch.update([])
      let count = seen.count
      await turns(3)
      #expect(seen.count == count)
      watch.cancel()
      watch.update(.readable)
    }
  }

  @Test func whatEpollCannotWatchIsAnError() async throws {
    try await LoopThread.run { on in
      let scratch = try ScratchDirectory()
      let file = try OwnedDescriptor.open(scratch.file("plain"), O_RDWR | O_CREAT)
      #expect(throws: SystemError("epoll_ctl", code: EPERM)) {
        _ = try on.loop.watch(file.number, for: .readable) { _ in }
      }
    }
  }
}
