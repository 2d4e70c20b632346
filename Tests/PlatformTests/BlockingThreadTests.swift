import Glibc
import Platform
import Synchronization
import TestSupport
import Testing

/// The thread for work that blocks.
@Suite(.timeLimit(.minutes(5))) struct BlockingThreadTests {
  final class Log: Sendable {
    let entries = Mutex<[Int]>([])
    let threads = Mutex<Set<UInt>>([])

    func add(_ entry: Int) {
      entries.withLock { $0.append(entry) }
      threads.withLock { _ = $0.insert(UInt(pthread_self())) }
    }
  }

  @Test func workRunsInOrderOnOneOtherThread() async throws {
    let thread = try BlockingThread(name: "a-name-that-is-too-long")
    let log = Log()
    for number in 0..<500 { #expect(thread.submit { log.add(number) }) }
    let name = await thread.run { () -> String in
      guard let file = try? OwnedDescriptor.open("/proc/thread-self/comm", O_RDONLY) else { return "" }
      var bytes = [UInt8](repeating: 0, count: 32)
      let count = read(file.number, &bytes, bytes.count)
      return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
    }
    #expect(name == "a-name-that-is-\n")
    #expect(log.entries.withLock { $0 } == Array(0..<500))
    #expect(log.threads.withLock { $0.count } == 1)
  }

  @Test func resultsComeBackToTheCallersIsolation() async throws {
    let thread = try BlockingThread(name: "test")
    try await LoopThread.run { on in
      let loop = on.loop
      let wasThere = await thread.run { loop.isCurrent }
      #expect(wasThere == false)
      #expect(loop.isCurrent)
    }
  }

  @Test func aFullQueueRefusesWork() async throws {
    let thread = try BlockingThread(name: "test")
    let log = Log()
    var pair = try OwnedDescriptor.pipe()
    let reading = pair.takeFirst().release()
    let writing = pair.takeSecond()
    // The thread waits for a byte; its queue fills meanwhile.
    thread.submit {
      var byte: UInt8 = 0
      log.add(-1)
      _ = read(reading, &byte, 1)
      close(reading)
    }
    #expect(await eventually { log.entries.withLock { $0 } == [-1] })
    for number in 0..<BlockingThread.longestQueue { #expect(thread.submit { log.add(number) }) }
    #expect(!thread.submit { log.add(-2) })
    #expect(await thread.run { 1 } == nil)
    #expect(write(writing.number, "x", 1) == 1)
    #expect(await eventually { log.entries.withLock { $0.count } == BlockingThread.longestQueue + 1 })
    #expect(await thread.run { 1 } == 1)
    #expect(log.entries.withLock { $0 } == [-1] + Array(0..<BlockingThread.longestQueue))
  }

  /// What was accepted is still done; then the thread and its descriptor are gone.
  @Test func theThreadEndsWithItsObject() async {
    await #expect(processExitsWith: .success) {
      let log = Log()
      await DescriptorCount.warmUp()
      let start = try DescriptorCount.now()
      for _ in 0..<20 {
        do {
          let thread = try BlockingThread(name: "ends")
          #expect(thread.submit { usleep(1000) })
          for number in 0..<100 { #expect(thread.submit { log.add(number) }) }
        }
        // One that never had work has no thread to end.
        do { _ = try BlockingThread(name: "unused") }
      }
      #expect(await eventually { log.entries.withLock { $0.count } == 2000 })
      // The runtime may open a few for itself.
      #expect(try await eventually { try DescriptorCount.now() < start + 10 })
    }
  }
}
