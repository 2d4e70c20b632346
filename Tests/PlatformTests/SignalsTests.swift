import Glibc
import Platform
import TestSupport
import Testing

/// Signals as events. Their handling is the process's: exit tests.
@Suite(.timeLimit(.minutes(5))) struct SignalsTests {
  @Test func blockedSignalsArriveOnTheLoop() async {
    await #expect(processExitsWith: .success) {
      try await LoopThread.run { on in
        // The loop's thread blocks everything; other threads do not, so the signals are sent to this one.
        Signals.block([SIGTERM, SIGHUP, SIGUSR1])
        var seen: [Int32] = []
        var signals: Signals? = try Signals(loop: on.loop, [SIGTERM, SIGHUP]) { signal in
          #expect(on.loop.isCurrent)
          seen.append(signal)
        }
        pthread_kill(pthread_self(), SIGTERM)
        pthread_kill(pthread_self(), SIGHUP)
        #expect(seen.isEmpty)
        #expect(await eventually { seen.count == 2 })
        #expect(Set(seen) == [SIGTERM, SIGHUP])
        pthread_kill(pthread_self(), SIGTERM)
        pthread_kill(pthread_self(), SIGTERM)
        #expect(await eventually { seen.count == 3 })
        await turns(3)
        #expect(seen.count == 3, "a signal that is pending already is one signal")
        #expect(signals != nil)
        signals = nil
        pthread_kill(pthread_self(), SIGTERM)
        await turns(3)
        #expect(seen.count == 3)
      }
    }
  }

  @Test func aBrokenPipeIsAnErrorAndNoDeath() async {
    await #expect(processExitsWith: .success) {
      Signals.ignoreBrokenPipes()
      var pair = try OwnedDescriptor.pipe()
      let writing = pair.takeSecond()
      close(pair.takeFirst().release())
      #expect(write(writing.number, "x", 1) == -1 && errno == EPIPE)
    }
    await #expect(processExitsWith: .signal(SIGPIPE)) {
      signal(SIGPIPE, SIG_DFL)
      var pair = try OwnedDescriptor.pipe()
      let writing = pair.takeSecond()
      close(pair.takeFirst().release())
      _ = write(writing.number, "x", 1)
    }
  }
}
