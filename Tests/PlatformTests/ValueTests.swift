import Glibc
import Testing

@testable import Platform

/// Times, errors, paths and statuses: values without a system behind them.
@Suite struct ValueTests {
  @Test(arguments: [
    (Int64(5), Duration.nanoseconds(7), Int64(12)),
    (.max, .nanoseconds(1), .max),
    (100, .seconds(Int64.max), .max),
    (100, .seconds(Int64.min), 100 + Int64.min),
    (-100, .seconds(Int64.min), .min),
    (.min, .nanoseconds(-1), .min),
    (0, .seconds(9_223_372_036) + .nanoseconds(854_775_807), .max),
    (0, .seconds(9_223_372_036) + .nanoseconds(854_775_808), .max),
    (0, .seconds(-9_223_372_036) - .nanoseconds(854_775_809), .min),
  ])
  func addingSaturates(time: Int64, duration: Duration, sum: Int64) {
    #expect((MonotonicTime(nanoseconds: time) + duration).nanoseconds == sum)
  }

  @Test(arguments: [
    (Int64(12), Int64(5), Duration.nanoseconds(7)), (5, 12, .nanoseconds(-7)),
    (.max, .min, .nanoseconds(Int64.max)), (.min, .max, .nanoseconds(Int64.min)),
  ])
  func differencesSaturate(left: Int64, right: Int64, difference: Duration) {
    let times = (MonotonicTime(nanoseconds: left), MonotonicTime(nanoseconds: right))
    #expect(times.0 - times.1 == difference)
    #expect(times.0.milliseconds(since: times.1) == max(0, Int(difference.wholeNanoseconds / 1_000_000)))
    #expect((times.0 < times.1) == (left < right))
  }

  @Test(arguments: [
    (Duration.zero, 0), (.milliseconds(1), 1), (.nanoseconds(999_999), 0), (.nanoseconds(-999_999), 0),
    (.seconds(2), 2000),
    (.seconds(Int64.max), Int(Int64.max / 1_000_000)), (.seconds(Int64.min), Int(Int64.min / 1_000_000)),
  ])
  func wholeMilliseconds(duration: Duration, milliseconds: Int) {
    #expect(duration.wholeMilliseconds == milliseconds)
  }

  @Test func theClockGoesForward() {
    let first = MonotonicTime.now
    #expect(MonotonicTime.now >= first && first.nanoseconds > 0)
  }

  @Test func errorsNameTheCallTheSubjectAndTheReason() {
    #expect("\(SystemError("connect", code: ENOENT, subject: "/a/b"))" == "connect /a/b: No such file or directory")
    #expect("\(SystemError("pipe2", code: EMFILE))" == "pipe2: Too many open files")
    #expect(SystemError("x", code: 99_999).reason.contains("99999"))
    errno = EPERM
    #expect(SystemError("x").code == EPERM)
  }

  @Test func interruptedCallsAreRunAgain() {
    var calls = 0
    let value = retryingInterrupts { () -> Int32 in
      calls += 1
      errno = calls < 3 ? EINTR : EBADF
      return -1
    }
    #expect(value == -1 && calls == 3 && errno == EBADF)
  }

  @Test(arguments: [
    ("/usr/bin/program", "/usr/bin", "/usr/bin/other"), ("/program", "/", "/other"), ("program", ".", "./other"),
  ])
  func siblings(path: String, directory: String, sibling: String) {
    #expect(ExecutablePath.directory(of: path) == directory)
    #expect(ExecutablePath.sibling("other", of: path) == sibling)
  }

  @Test func ourOwnProgramIsAnExecutableFile() throws {
    #expect(access(try ExecutablePath.own(), X_OK) == 0)
  }

  @Test(arguments: [
    (Platform.ExitStatus.exited(code: 3), "exited with code 3"),
    (.signaled(signal: SIGKILL), "was ended by signal 9 (Killed)"),
  ])
  func statusTexts(status: Platform.ExitStatus, text: String) {
    #expect("\(status)" == text)
  }

  @Test(arguments: [
    ("1 (a) S 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0", true),
    ("1 (a) Z 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0", false),
    ("1 (a) X 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0", false),
    // The first thread has ended, another one has not.
    ("1 (a) Z 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 2 0", true),
    // A name that looks like the end of the name.
    ("1 (a) Z 0) R 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0", true),
    ("1 (a", false), ("1 (a)", false),
  ])
  func zombiesAreNotAlive(stat: String, isAlive: Bool) {
    #expect(ProcessTree.isAlive(stat: stat) == isAlive)
  }
}
